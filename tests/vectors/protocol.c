/*
 * protocol.c - published octets through the protocol codecs: decoded, looked at field by field and
 * encoded back to the same octets.
 *
 * The octets are from the tests of u9n/dlms-cosem and xdom/jdlms and were decoded with
 * Gurux.DLMS for Python before they were taken in. Two hold data that no meter would send and are
 * here for their form only: the range of selective_access_range starts at a deviation of 8800
 * (outside -720..720; the undefined value would be 8000), and aare_ctx_rejected carries an
 * InitiateResponse although the association is refused.
 *
 * A plain program, so that it also runs as 32-bit code and on a board: prints "N passed, N failed".
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/crc.h"
#include "protocol/acse.h"
#include "protocol/axdr.h"
#include "protocol/wrapper.h"
#include "protocol/xdlms.h"

#define OCTETS_MAX 256u

typedef struct octets {
    uint8_t data[OCTETS_MAX];
    size_t size;
} octets_t;

static unsigned passed;
static unsigned failed;
static const char *current;

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool good, const char *what, int line) {
    if (good) {
        passed++;
    } else {
        failed++;
        (void)printf("%s, line %d: %s\n", current, line, what);
    }
}

static uint8_t nibble(char digit) {
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

static octets_t from_hex(const char *id, const char *hex) {
    octets_t octets = {{0}, 0};

    current = id;
    while (hex[0] != '\0' && octets.size < OCTETS_MAX) {
        octets.data[octets.size++] = (uint8_t)((nibble(hex[0]) << 4) | nibble(hex[1]));
        hex += 2;
    }
    return octets;
}

static bool same(const uint8_t *data, size_t size, const char *hex) {
    const char *id = current;
    octets_t want = from_hex(id, hex);

    return data != NULL && size == want.size && memcmp(data, want.data, size) == 0;
}

static bool same_view(qd_view_t view, const char *hex) {
    return same(view.data, view.length, hex);
}

static bool wrote(const qd_writer_t *w, const octets_t *want) {
    return w->status == QD_OK && w->at == want->size && memcmp(w->data, want->data, want->size) == 0;
}

/* --- association control ---------------------------------------------------------------------- */

static void check_aarq(const octets_t *in, qd_aarq_t *aarq) {
    uint8_t out[OCTETS_MAX];
    qd_reader_t r;
    qd_writer_t w;

    qd_reader_init(&r, in->data, in->size);
    CHECK(qd_aarq_decode(&r, aarq) == QD_OK);
    CHECK(aarq->version_1);
    qd_writer_init(&w, out, sizeof out);
    qd_aarq_encode(&w, aarq);
    CHECK(wrote(&w, in));
}

static void check_initiate_request(qd_view_t information, uint32_t conformance, uint16_t size) {
    uint8_t out[OCTETS_MAX];
    qd_initiate_request_t request;
    qd_reader_t r;
    qd_writer_t w;

    qd_reader_init(&r, information.data, information.length);
    CHECK(qd_initiate_request_decode(&r, &request) == QD_OK);
    CHECK(request.dedicated_key.data == NULL && request.response_allowed && !request.has_quality_of_service);
    CHECK(request.dlms_version == 6);
    CHECK(request.conformance == conformance);
    CHECK(request.max_receive_pdu == size);
    qd_writer_init(&w, out, sizeof out);
    qd_initiate_request_encode(&w, &request);
    CHECK(w.status == QD_OK && w.at == information.length && memcmp(out, information.data, w.at) == 0);
}

static void aarq_vectors(void) {
    qd_aarq_t aarq;
    octets_t in = from_hex("aarq_no_sec", "601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0");

    check_aarq(&in, &aarq);
    CHECK(aarq.context_name == QD_CONTEXT_LN && !aarq.has_mechanism && !aarq.authentication_unit);
    CHECK(aarq.authentication.data == NULL && aarq.calling_ap_title.data == NULL);
    check_initiate_request(aarq.user_information, 0x007E1F, 1200);

    in = from_hex("aarq_lls", "6036A1090607608574050801018A0207808B0760857405080201AC0A80083132333435363738"
                              "BE10040E01000000065F1F0400007E1F04B0");
    check_aarq(&in, &aarq);
    CHECK(aarq.authentication_unit && aarq.has_mechanism && aarq.mechanism == QD_MECHANISM_LLS);
    CHECK(same_view(aarq.authentication, "3132333435363738"));
    check_initiate_request(aarq.user_information, 0x007E1F, 1200);

    in = from_hex("aarq_hls5", "6036A1090607608574050801018A0207808B0760857405080205AC0A80084B35366956616759"
                               "BE10040E01000000065F1F0400007E1F04B0");
    check_aarq(&in, &aarq);
    CHECK(aarq.mechanism == QD_MECHANISM_HLS_GMAC);
    CHECK(same_view(aarq.authentication, "4B35366956616759"));

    in = from_hex("aarq_ciphered_lls",
                  "6066A109060760857405080103A60A04084D4D4D0000BC614E8A0207808B0760857405080201AC0A8008"
                  "3132333435363738BE34043221303001234567801302FF8A7874133D414CED25B42534D28DB004772060"
                  "6B175BD52211BE6841DB204D39EE6FDB8E356855");
    check_aarq(&in, &aarq);
    CHECK(aarq.context_name == QD_CONTEXT_LN_CIPHERED);
    CHECK(same_view(aarq.calling_ap_title, "4D4D4D0000BC614E"));
    CHECK(aarq.user_information.length == 50 && aarq.user_information.data[0] == 0x21);
}

static void check_aare(const octets_t *in, qd_aare_t *aare) {
    uint8_t out[OCTETS_MAX];
    qd_reader_t r;
    qd_writer_t w;

    qd_reader_init(&r, in->data, in->size);
    CHECK(qd_aare_decode(&r, aare) == QD_OK);
    qd_writer_init(&w, out, sizeof out);
    qd_aare_encode(&w, aare);
    CHECK(wrote(&w, in));
}

static void check_initiate_response(qd_view_t information, uint32_t conformance, uint16_t size) {
    uint8_t out[OCTETS_MAX];
    qd_initiate_response_t response;
    qd_reader_t r;
    qd_writer_t w;

    qd_reader_init(&r, information.data, information.length);
    CHECK(qd_initiate_response_decode(&r, &response) == QD_OK);
    CHECK(response.dlms_version == 6 && response.vaa_name == 7);
    CHECK(response.conformance == conformance);
    CHECK(response.max_receive_pdu == size);
    qd_writer_init(&w, out, sizeof out);
    qd_initiate_response_encode(&w, &response);
    CHECK(w.status == QD_OK && w.at == information.length && memcmp(out, information.data, w.at) == 0);
}

static void aare_vectors(void) {
    uint8_t out[OCTETS_MAX];
    qd_aare_t aare;
    qd_writer_t w;
    octets_t in = from_hex("aare_ok", "6129A109060760857405080101A203020100A305A103020100"
                                      "BE10040E0800065F1F040000501F01F40007");

    check_aare(&in, &aare);
    CHECK(aare.result == QD_RESULT_ACCEPTED && aare.diagnostic == QD_DIAGNOSTIC_NULL);
    check_initiate_response(aare.user_information, 0x00501F, 500);

    in = from_hex("aare_ctx_rejected", "6129A109060760857405080101A203020101A305A103020102"
                                       "BE10040E0800065F1F040000501F01F40007");
    check_aare(&in, &aare);
    CHECK(aare.result == QD_RESULT_REJECTED_PERMANENT);
    CHECK(aare.diagnostic == QD_DIAGNOSTIC_CONTEXT_NOT_SUPPORTED);

    in = from_hex("aare_bad_version", "611FA109060760857405080101A203020101A305A103020101BE0604040E010601");
    check_aare(&in, &aare);
    CHECK(aare.diagnostic == QD_DIAGNOSTIC_NO_REASON);
    qd_writer_init(&w, out, sizeof out);
    qd_initiate_error_encode(&w, QD_INITIATE_VERSION_TOO_LOW);
    CHECK(same_view(aare.user_information, "0E010601") && same(out, w.at, "0E010601"));

    in = from_hex("aare_hls5_pending",
                  "6142A109060760857405080101A203020100A305A10302010E88020780890760857405080205AA0A8008"
                  "503677524A323146BE10040E0800065F1F040000501F01F40007");
    check_aare(&in, &aare);
    CHECK(aare.diagnostic == QD_DIAGNOSTIC_AUTHENTICATION_REQUIRED);
    CHECK(aare.has_mechanism && aare.mechanism == QD_MECHANISM_HLS_GMAC);
    CHECK(same_view(aare.authentication, "503677524A323146"));
}

static void check_release(const octets_t *in, uint8_t tag, size_t information) {
    uint8_t out[OCTETS_MAX];
    qd_release_t release;
    qd_reader_t r;
    qd_writer_t w;

    qd_reader_init(&r, in->data, in->size);
    CHECK(qd_release_decode(&r, tag, &release) == QD_OK);
    CHECK(release.has_reason && release.reason == 0 && release.user_information.length == information);
    qd_writer_init(&w, out, sizeof out);
    qd_release_encode(&w, tag, &release);
    CHECK(wrote(&w, in));
}

static void release_vectors(void) {
    octets_t in = from_hex("rlrq_plain", "6203800100");

    check_release(&in, QD_ACSE_TAG_RLRQ, 0);
    in = from_hex("rlrq_ciphered",
                  "6239800100BE34043221303001234567801302FF8A7874133D414CED25B42534D28DB0047720"
                  "606B175BD52211BE6841DB204D39EE6FDB8E356855");
    check_release(&in, QD_ACSE_TAG_RLRQ, 50);
    in = from_hex("rlre_ciphered",
                  "6328800100BE230421281F3001234567891214A0845E475714383F65BC19745CA235906525E4F3E1C893");
    check_release(&in, QD_ACSE_TAG_RLRE, 33);
}

/* --- services --------------------------------------------------------------------------------- */

/* Copies one whole element, group heads and scalars, through the A-XDR codec. */
static void copy_element(qd_reader_t *r, qd_writer_t *w) {
    size_t open = 1;
    qd_axdr_element_t element;

    while (open > 0 && qd_axdr_get(r, &element) == QD_OK) {
        open--;
        if (element.type == QD_TYPE_ARRAY || element.type == QD_TYPE_STRUCTURE) {
            qd_axdr_put_group(w, (qd_type_t)element.type, element.count);
            open += element.count;
        } else {
            qd_axdr_put_scalar(w, &element.scalar);
        }
    }
}

static void copy_selection(qd_reader_t *r, qd_writer_t *w) {
    uint8_t selector;
    qd_view_t parameters;
    qd_reader_t inner;

    CHECK(qd_selection_decode(r, &selector, &parameters) == QD_OK);
    qd_writer_u8(w, parameters.data != NULL);
    if (parameters.data != NULL) {
        qd_writer_u8(w, selector);
        qd_reader_init(&inner, parameters.data, parameters.length);
        copy_element(&inner, w);
        CHECK(qd_reader_left(&inner) == 0);
    }
}

static void copy_u8(qd_reader_t *r, qd_writer_t *w, size_t count) {
    while (count-- > 0) {
        qd_writer_u8(w, qd_reader_u8(r));
    }
}

static qd_descriptor_t copy_descriptor(qd_reader_t *r, qd_writer_t *w) {
    qd_descriptor_t descriptor;

    (void)qd_descriptor_decode(r, &descriptor);
    qd_descriptor_encode(w, &descriptor);
    return descriptor;
}

static bool is_object(const qd_descriptor_t *d, uint16_t class_id, const char *obis, int8_t index) {
    return d->class_id == class_id && d->index == index && same(d->obis.group, sizeof d->obis.group, obis);
}

typedef struct copy {
    octets_t in;
    uint8_t out[OCTETS_MAX];
    qd_reader_t r;
    qd_writer_t w;
} copy_t;

static void copy_begin(copy_t *copy, const char *id, const char *hex) {
    copy->in = from_hex(id, hex);
    qd_reader_init(&copy->r, copy->in.data, copy->in.size);
    qd_writer_init(&copy->w, copy->out, sizeof copy->out);
}

static void copy_end(const copy_t *copy) {
    CHECK(copy->r.status == QD_OK && qd_reader_left(&copy->r) == 0);
    CHECK(wrote(&copy->w, &copy->in));
}

static void get_vectors(void) {
    copy_t c;
    qd_descriptor_t d;

    copy_begin(&c, "get_request_normal", "C001C1000100002B0100FF0200");
    copy_u8(&c.r, &c.w, 3);
    d = copy_descriptor(&c.r, &c.w);
    CHECK(is_object(&d, 1, "00002B0100FF", 2));
    copy_selection(&c.r, &c.w);
    copy_end(&c);

    copy_begin(&c, "get_request_next", "C002C100000001");
    copy_u8(&c.r, &c.w, 3);
    qd_writer_u32(&c.w, qd_reader_u32(&c.r));
    copy_end(&c);

    copy_begin(&c, "get_request_with_list", "C003C102000100002A0000FF020000080000010000FF0200");
    copy_u8(&c.r, &c.w, 3);
    CHECK(qd_axdr_get_length(&c.r) == 2);
    qd_axdr_put_length(&c.w, 2);
    d = copy_descriptor(&c.r, &c.w);
    CHECK(is_object(&d, 1, "00002A0000FF", 2));
    copy_selection(&c.r, &c.w);
    d = copy_descriptor(&c.r, &c.w);
    CHECK(is_object(&d, 8, "0000010000FF", 2));
    copy_selection(&c.r, &c.w);
    copy_end(&c);

    copy_begin(&c, "get_response_normal", "C401C1000600001391");
    copy_u8(&c.r, &c.w, 4);
    copy_element(&c.r, &c.w);
    copy_end(&c);

    copy_begin(
        &c, "selective_access_range",
        "C001C100070100630100FF0201010204020412000809060000010000FF0F02120000090C07E40101FF00030000FF8800"
        "090C07E40106FF00030000FFC4000100");
    copy_u8(&c.r, &c.w, 3);
    d = copy_descriptor(&c.r, &c.w);
    CHECK(is_object(&d, 7, "0100630100FF", 2));
    copy_selection(&c.r, &c.w);
    copy_end(&c);
}

static void set_action_vectors(void) {
    copy_t c;
    qd_descriptor_t d;

    copy_begin(&c, "set_request_clock", "C101C100080000010000FF0200090C07E50118FF0E303950FFC400");
    copy_u8(&c.r, &c.w, 3);
    d = copy_descriptor(&c.r, &c.w);
    CHECK(is_object(&d, 8, "0000010000FF", 2));
    copy_selection(&c.r, &c.w);
    copy_element(&c.r, &c.w);
    copy_end(&c);

    copy_begin(&c, "set_response_ok", "C501C100");
    copy_u8(&c.r, &c.w, 4);
    copy_end(&c);

    copy_begin(&c, "action_reply_to_hls", "C301C0000F0000280000FF010109111000001A90E6D2221FA2FD85EED61ACC22");
    copy_u8(&c.r, &c.w, 3);
    d = copy_descriptor(&c.r, &c.w);
    CHECK(is_object(&d, 15, "0000280000FF", 1));
    copy_u8(&c.r, &c.w, 1);
    copy_element(&c.r, &c.w);
    copy_end(&c);

    copy_begin(&c, "action_response_hls", "C701C000010009111000001AFDE8857B728A3499106AA665D1");
    copy_u8(&c.r, &c.w, 6);
    copy_element(&c.r, &c.w);
    copy_end(&c);
}

static void general_vectors(void) {
    copy_t c;
    uint16_t length;

    copy_begin(&c, "data_notification",
               "0F000001DB000922125A8591360000000049000000110000000A5A8513D014800000000D0000000A0100");
    copy_u8(&c.r, &c.w, 1);
    qd_writer_u32(&c.w, qd_reader_u32(&c.r));
    copy_u8(&c.r, &c.w, 1);
    copy_element(&c.r, &c.w);
    copy_end(&c);

    /* The frame only: what is inside needs its keys. */
    copy_begin(
        &c, "general_glo_ciphering",
        "DB082F192291991641033B30000001E5025CE9D2271FD78BE8C204211A916A9D7F587E0A7A814CADEA89E9593F01F9"
        "2EA8C087B5BDFDEFEAB6BECF282DFE49C08F5BE6DC8400");
    copy_u8(&c.r, &c.w, 1);
    length = qd_axdr_get_length(&c.r);
    CHECK(length == 8);
    qd_axdr_put_length(&c.w, length);
    copy_u8(&c.r, &c.w, length);
    length = qd_axdr_get_length(&c.r);
    CHECK(length == qd_reader_left(&c.r));
    qd_axdr_put_length(&c.w, length);
    CHECK(qd_reader_peek(&c.r) == 0x30);
    copy_u8(&c.r, &c.w, length);
    copy_end(&c);

    /* The table of octets of docs on conformance: an association request behind its wrapper. */
    copy_begin(&c, "wrapper_aarq", "000100100001001F");
    {
        qd_wrapper_head_t head;

        CHECK(qd_wrapper_decode(&c.r, &head) == QD_OK);
        CHECK(head.source == 16 && head.destination == 1 && head.length == 31);
        qd_wrapper_encode(&c.w, &head);
    }
    copy_end(&c);
}

/* --- frame check sequences -------------------------------------------------------------------- */

typedef struct fcs_vector {
    const char *id;
    const char *octets;
    uint16_t fcs; /* as sent: low octet first */
} fcs_vector_t;

static const fcs_vector_t fcs_vectors[] = {
    {"hdlc_fcs_1871", "A00A000200232193", 0x1871},
    {"hdlc_fcs_ce6a", "A023210002002373F6C58180140502008006020080070400000001080400000001", 0xCE6A},
    {"hdlc_fcs_65d7", "A0199575767837E6E600C0018100080000010000FF0200", 0x65D7},
    {"hdlc_fcs_f330", "A01E7595966F67E6E700C4018100090C07D20C04030A060BFF007800", 0xF330},
    {"hdlc_fcs_62fb", "A027957598B8DBE6E600C1018100080000010000FF0200090C07D20C04030A060BFF007800", 0x62FB},
    {"hdlc_fcs_36cf", "A0107595B85101E6E700C5018100", 0x36CF},
    {"hdlc_snrm", "A00802232193", 0xBD64},
    {"hdlc_ua", "A01F21022373E6C781801205019A06019A070400000001080400000001", 0xCCA2},
    {"hdlc_aarq", "A02C02232110AF9FE6E600601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF",
     0xC5E4},
    {"hdlc_aare",
     "A0382102233034E7E6E7006129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000"
     "1E1D04C80007",
     0xB86A},
    {"hdlc_snrm_4byte", "A023030002002373C0488180140502008006020080070400000001080400000001", 0xCE6A},
};

static void fcs_all(void) {
    size_t i;

    for (i = 0; i < sizeof fcs_vectors / sizeof fcs_vectors[0]; i++) {
        octets_t in = from_hex(fcs_vectors[i].id, fcs_vectors[i].octets);
        uint16_t crc = qd_crc16_x25(in.data, in.size);

        CHECK((uint16_t)((crc << 8) | (crc >> 8)) == fcs_vectors[i].fcs);
    }
}

int main(void) {
    aarq_vectors();
    aare_vectors();
    release_vectors();
    get_vectors();
    set_action_vectors();
    general_vectors();
    fcs_all();
    (void)printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
