# SPDX-License-Identifier: Apache-2.0
"""The mutants: file, text that occurs there once, what stands there instead, and the fault that it is."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    text: str
    replacement: str
    description: str


ACC, ENERGY, CLOCK = "src/metrology/accumulator.c", "src/metrology/energy.c", "src/metrology/clock.c"
COMMIT, REQUEST, IMAGES = "src/metrology/commit.c", "src/metrology/request.c", "src/metrology/images.c"
JOURNAL, MOUNT, SCALAR = "src/metrology/journal.c", "src/metrology/mount.c", "src/item/scalar.c"
ASSOCIATION, SERVER, GET = "src/cosem/association.c", "src/cosem/server.c", "src/cosem/server_get.c"
ACSE, SET, OBJECT, DIRECTORY = ("src/cosem/server_acse.c", "src/cosem/server_set.c", "src/cosem/object.c",
                                "src/cosem/directory.c")
LINK, AXDR = "src/cosem/link.c", "src/cosem/axdr_io.c"
EVENT, EVENT_LOG, SELECTION = "src/app/event.c", "src/app/event_log.c", "src/item/selection.c"
GCM, SEALER = "src/crypto/gcm.c", "src/meter/sealer_gcm.c"

ROWS = [
    # metrology: energy
    ("rest-dropped", ACC, "power_mw * duration_us + accumulator->rest_nj;", "power_mw * duration_us;",
     "the remainder below 1 mJ is dropped"),
    ("rest-kept-whole", ACC, "(uint32_t)(nj - whole * NJ_PER_MJ)", "(uint32_t)(nj - whole)", "the remainder is not one"),
    ("second-lost", ACC, "accumulator->whole_mj += (int64_t)power_mw;\n        return power_mw;", "return power_mw;",
     "a full second is not booked"),
    ("export-is-import", ENERGY, "feed->active = p >= 0 ?", "feed->active = p <= 0 ?", "sign of active energy"),
    ("zero-is-export", ENERGY, "feed->apparent = p >= 0 ?", "feed->apparent = p > 0 ?", "P = 0 counts as export of S"),
    ("q2-q1", ENERGY, "p >= 0 ? QD_ENERGY_R1 : QD_ENERGY_R2", "p >= 0 ? QD_ENERGY_R2 : QD_ENERGY_R1", "quadrants I and II swapped"),
    ("q3-q4", ENERGY, "p >= 0 ? QD_ENERGY_R4 : QD_ENERGY_R3", "p >= 0 ? QD_ENERGY_R3 : QD_ENERGY_R4", "quadrants III and IV swapped"),
    ("root-off-by-one", ENERGY, "            return (uint32_t)x;", "            return (uint32_t)x + 1u;", "apparent power one too large"),
    ("root-stops-early", ENERGY, "        if (next >= x) {", "        if (next + 1u >= x) {", "the root stops a step too early"),
    ("shift-back", ENERGY, "(p * p + q * q) << 2;", "(p * p + q * q) << 1;", "large apparent power halved"),
    ("voltage-bound", ENERGY, "phase->voltage_mv <= 1000000u", "phase->voltage_mv < 1000000u", "largest voltage refused"),
    ("power-bound", ENERGY, "phase->active_power_mw >= -2000000000", "phase->active_power_mw > -2000000000", "largest export refused"),
    ("same-tick-twice", ENERGY, "(m->measured && record->tick_us == m->tick_us)", "false", "one interval is booked twice"),
    ("phase-row", ENERGY, "(void)channel_add(m, row, phase + 1u, feed->reactive,", "(void)channel_add(m, row, phase, feed->reactive,",
     "remainder of the phase before"),
    ("total-lost", ENERGY, "        m->total_mj[c] += (int64_t)whole;\n", "", "totals stand still"),
    ("cut-order", ENERGY, "            sum_book(m, power, duration - second, output_mj);", "            sum_book(m, power, second, output_mj);",
     "the interval is cut at the wrong end"),
    ("selection-early", ENERGY, "m->waiting && m->selection.from_us <= record->tick_us", "m->waiting", "a rate takes effect too early"),
    ("pulse-rest", ENERGY, "            sum -= due * QD_MET_MJ_PER_KWH;", "            sum = 0;", "remainder of a pulse dropped"),
    ("no-load-or", ENERGY, "return p < limit && q < limit;", "return p < limit || q < limit;", "idle though one power is not"),
    ("no-load-swap", ENERGY, "before ? m->config->no_load_leave_mw : m->config->no_load_enter_mw",
     "before ? m->config->no_load_enter_mw : m->config->no_load_leave_mw", "hysteresis the wrong way round"),
    ("no-load-bound", ENERGY, "return p < limit &&", "return p <= limit &&", "the threshold itself is idle"),
    ("gap-silent", ENERGY, "        m->gap_us += passed - record->duration_us;", "        m->gap_us += passed;", "a gap is told too long"),
    ("invalid-counts", ENERGY, "        if (!phase->valid) {", "        if (false) {", "a phase without values counts"),
    ("sum-per-phase", ENERGY, "m->reactive_mvar += phase->reactive_power_mvar;", "m->reactive_mvar -= phase->reactive_power_mvar;",
     "sign of the reactive sum"),
    ("flag-stays", ENERGY, "m->flags &= (uint16_t)~QD_METER_FLAG_PHASE_INVALID;", "", "the flag of a missing phase stays"),
    # metrology: clock, commit, records
    ("clock-division", "src/metrology/state.h", "return utc_us / 1000 - (utc_us % 1000 < 0 ? 1 : 0);", "return utc_us / 1024 - (utc_us % 1000 < 0 ? 1 : 0);", "the clock is slow"),
    ("drift-forgotten", CLOCK, "saturate(clock->uncertainty_ms + passed_s * m->config->clock_drift_ppm / 1000u)",
     "saturate(clock->uncertainty_ms)", "uncertainty does not grow"),
    ("clock-range", CLOCK, "utc_ms >= 0 && utc_ms < UTC_LIMIT_MS", "utc_ms >= 0", "year 10000 is accepted"),
    ("base-never-due", COMMIT, "m->since_base_us >= (uint64_t)m->config->fold_period_s * 1000000u", "false", "the base record is never folded"),
    ("rate-change-unfolded", COMMIT, "m->reference.rate_generation != m->rate_generation ||", "", "a delta stands on a base of other rates"),
    ("failed-forgotten", COMMIT, "    m->committed_generation = m->generation - 1u;\n    if", "    if", "a failed group is not written again"),
    ("number-stands", COMMIT, "        m->number++;\n", "", "snapshots keep their number"),
    ("rate-nine", REQUEST, "selection->rate[c] > QD_RATES", "selection->rate[c] > QD_RATES + 1u", "rate 9 is accepted"),
    ("seal-open", REQUEST, "return m->ports.factory != NULL && m->ports.factory->open(m->ports.factory->context);",
     "return m->ports.factory == NULL || m->ports.factory->open(m->ports.factory->context);", "no factory counts as an open one"),
    ("stale-page", REQUEST, "(snapshot != 0 && snapshot != m->latched.number)", "false", "pages of another snapshot are served"),
    ("zero-ratio", REQUEST, "value < (flag ? 0 : 1)", "value < 0", "a transformer ratio of 0"),
    ("rtc-forgotten", REQUEST, "    m->clock = m->new_clock;\n", "", "the clock is set on paper only"),
    ("delta-rest-high", IMAGES, "(moved->rest_nj[n] >> 16 | second >> 16 << 4)", "(moved->rest_nj[n] >> 16 | second >> 16)",
     "high bits of every second remainder are lost"),
    ("delta-bitmap", IMAGES, "bitmap |= (uint32_t)1 << i;", "bitmap |= (uint32_t)1 << (i ^ 1u);", "energy moves to the neighbour channel"),
    ("base-byte-order", IMAGES, "w->at[1] = (uint8_t)(value >> 8);\n    w->at += 2;", "w->at[1] = (uint8_t)value;\n    w->at += 2;", "a stored number loses its high octet"),
    ("judged-too-late", IMAGES, "if (rest >= QD_MET_NJ_PER_MJ ||", "if (", "a remainder beyond 1 mJ is accepted"),
    ("journal-slot", JOURNAL, "m->journal_count = m->journal_undo_count;", "m->journal_count--;", "a taken-back entry shortens a full ring"),
    ("journal-age", JOURNAL, "m->journal_sequence - sequence >= m->journal_count", "m->journal_sequence - sequence > m->journal_count",
     "an evicted entry is served"),
    ("loss-silent", MOUNT, "            m->flags |= QD_METER_FLAG_CORRUPT;\n", "", "a lost record raises no flag"),
    # item
    ("type-range", SCALAR, "UINT64_MAX >> (65u - to->bits)", "UINT64_MAX >> (64u - to->bits)", "signed numbers one bit too large"),
    ("negative-fits", SCALAR, "return !negative && scalar->v.u", "return scalar->v.u", "negative fits unsigned"),
    ("octets-longer", SCALAR, "scalar.length < minimum || scalar.length > maximum", "scalar.length < minimum", "a string longer than its place"),
    # cosem
    ("any-password", ASSOCIATION, "difference |= (uint8_t)(given ^ wanted);", "difference |= (uint8_t)(given & ~wanted);", "a password with fewer bits opens"),
    ("empty-password", ASSOCIATION, "length != secret->length || secret->length == 0", "length > secret->length", "an empty password opens where a password was lost"),
    ("factory-secrets", ASSOCIATION, "return status == QD_CORRUPT ? QD_OK : status;", "return status;", "lost passwords stop the meter"),
    ("secret-listed", ASSOCIATION, "(attribute == NULL || (attribute->flags & QD_ATTRIBUTE_SECRET) == 0)", "true", "a secret is listed as readable"),
    ("partners-swapped", ASSOCIATION, "qd_sink_integer(sink, QD_TYPE_INTEGER, self->tables->clients[client].sap)",
     "qd_sink_integer(sink, QD_TYPE_INTEGER, self->tables->server_sap)", "the client is not named"),
    ("mode-bits", ASSOCIATION, "(read ? 1 : 0) + (write ? 2 : 0)", "(read ? 2 : 0) + (write ? 1 : 0)", "reading and writing swapped in the list"),
    ("sealed-is-fault", SERVER, "[QD_SEALED] = QD_ACCESS_READ_WRITE_DENIED", "[QD_SEALED] = QD_ACCESS_SUCCESS", "a refused write is told as done"),
    ("class-is-undefined", SERVER, "[QD_CLASS] = QD_ACCESS_OBJECT_CLASS_INCONSISTENT", "[QD_CLASS] = QD_ACCESS_OBJECT_UNDEFINED", "wrong class is told as no object"),
    ("conformance-ignored", SERVER, "(association->conformance & services[i].conformance) == 0", "false", "services that were not negotiated"),
    ("any-device", SERVER, "request->server_sap != server->tables->server_sap", "false", "answers for other logical devices"),
    ("release-stays", SERVER, "    qd_association_close(association);\n", "", "released and still associated"),
    ("block-number", GET, "qd_writer_u32(service->w, t->block + 1u);", "qd_writer_u32(service->w, t->block);", "blocks are counted from 0"),
    ("block-last", GET, "(uint8_t)(t->active ? 0u : 1u)", "(uint8_t)(t->active ? 1u : 0u)", "last block in front"),
    ("block-any", GET, "if (block != t->block) {", "if (block > t->block) {", "an old block number goes on"),
    ("block-invoke", GET, "!t->active || QD_INVOKE_ID", "QD_INVOKE_ID", "blocks of a transfer that has ended"),
    ("row-skipped", GET, "t->next += t->head_given ? 1u : 0u;", "t->next += 1u;", "the first row is left out"),
    ("offset-stays", GET, "        t->offset = 0;\n", "", "octets are skipped in the next element"),
    ("list-count", GET, "count > QD_SELECTION_ITEMS", "count > QD_SELECTION_ITEMS + 1u", "one item more than there is room for"),
    ("tail-ignored", GET, "take_item(service, 0) != QD_OK || qd_reader_left(&service->r) != 0", "take_item(service, 0) != QD_OK", "octets behind a request"),
    ("pending-rows", GET, "bool between_rows = status == QD_PENDING && t->head_given;", "bool between_rows = false;",
     "rows that come one by one are asked for anew for ever"),
    ("selection-twice", GET, "    if (t->selective != QD_SELECTED_NONE) {\n        return QD_NO_SPACE;\n    }\n", "",
     "the second selection of a list replaces the first"),
    ("selection-unasked", GET, "(service->association->conformance & QD_CONFORMANCE_SELECTIVE_ACCESS) == 0", "false",
     "selective access that was not negotiated"),
    # logs and selections
    ("range-from", EVENT_LOG, "utc_s >= (int64_t)selection->from &&", "utc_s > (int64_t)selection->from &&", "the first bound is excluded"),
    ("range-to", EVENT_LOG, "(int64_t)selection->to + 1, &end)", "(int64_t)selection->to, &end)", "the last bound is excluded"),
    ("entry-one-less", EVENT_LOG, "to - selection->from + 1u : 0;", "to - selection->from : 0;", "the last entry is left out"),
    ("entry-from-zero", SELECTION, "if (number[0] == 0 || ", "if (", "entries counted from 0"),
    ("corrupt-counted", EVENT_LOG, "return n >= selection->orderly;", "return true;", "damaged entries in no order are in every range"),
    ("log-beyond-size", EVENT_LOG, "        span->first = span->end - entries;\n", "", "more entries than profile_entries"),
    ("find-before-order", EVENT_LOG, "from = from < selection->orderly ? selection->orderly : from;", "from = rows->first;",
     "entries in front of the range"),
    ("column-order", SELECTION, "take_column(columns, source, &selection->column[i]);", "take_column(columns, source, &selection->column[0]);",
     "selected columns are mixed up"),
    ("drain-early", EVENT, "if (bus->drained >= bus->committed) {", "if (bus->drained >= bus->next_sequence - 1u) {",
     "events are drained that are not committed"),
    ("group-failed", EVENT, "if (durable && bus->staged != bus->committed) {", "if (bus->staged != bus->committed) {",
     "events of a failed group count"),
    ("half-event", EVENT, "            bus->limit = next; /*", "            bus->limit = 0; /*", "an event of two logs blocks those in front of it"),
    ("lost-uncounted", EVENT, "        bus->lost++;", "        bus->lost += 0;", "dropped events are not counted"),
    ("cleared-everywhere", EVENT, "return event->detail == (int64_t)target;", "return true;", "event 255 goes to every log"),
    ("context-any", ACSE, "aarq->context_name != QD_CONTEXT_LN", "aarq->context_name == 0", "any application context"),
    ("pdu-min", ACSE, "initiate->max_receive_pdu < PDU_SIZE_MIN", "initiate->max_receive_pdu + 1u < PDU_SIZE_MIN", "PDU size 11"),
    ("pdu-larger", ACSE, "theirs < server->tables->pdu_size ? theirs : server->tables->pdu_size", "server->tables->pdu_size", "the client's size is not kept"),
    ("conformance-grows", ACSE, "initiate.conformance & server->tables->conformance;", "initiate.conformance;", "conformance that the meter does not have"),
    ("set-tail", SET, "return qd_reader_left(&service->r) == 0 ? QD_OK : QD_MALFORMED;", "return QD_OK;", "octets behind a value"),
    ("unconfirmed-answered", SERVER, "(request->apdu[INVOKE_AT] & QD_INVOKE_CONFIRMED) == 0", "false", "an unconfirmed request is answered"),
    ("view-for-all", OBJECT, "objects->tables->access[row_at(objects, row)->access].rights[client] != 0", "true", "everybody sees every object"),
    ("member-bound", OBJECT, "member >= row->members", "member > row->members", "one member more than the row has"),
    ("group-f", OBJECT, " && obis->group[5] == row->obis.group[5]", "", "group F is not looked at"),
    ("write-by-all", OBJECT, "bool may = (qd_object_rights(objects, object->row, call) & QD_RIGHT_WRITE) != 0;", "bool may = true;", "everybody writes"),
    ("execute-by-all", OBJECT, "return has && may ? QD_OK : QD_DENIED;", "return has ? QD_OK : QD_DENIED;", "everybody runs methods"),
    ("class-any", OBJECT, "class_row->id == name->class_id ? QD_OK : QD_CLASS", "class_row->id != 0 ? QD_OK : QD_CLASS", "any class will do"),
    ("scaler-sign", OBJECT, "row->scaler + shift", "-row->scaler + shift", "sign of the scaler"),
    ("table-order", DIRECTORY, "(r > 0 && key < next_free)", "false", "a table out of order is taken"),
    ("addresses-kept", LINK, "asked->destination, asked->source,", "asked->source, asked->destination,", "the answer goes to the server"),
    ("length-eight", LINK, "link->to_send = (uint16_t)(QD_WRAPPER_HEAD + response->at);", "link->to_send = (uint16_t)response->at;", "eight octets short"),
    ("sink-skip", AXDR, "    octets += sink->skip;\n", "", "a block repeats its element's beginning"),
    # crypto and sealer
    ("gcm-tag-end", GCM, "i < tag_size; i++", "i < QD_GCM_TAG_MIN; i++", "the end of the tag is not compared"),
    ("gcm-tag-size", GCM, "memcpy(tag, whole.octets, tag_size);", "memcpy(tag, whole.octets, QD_GCM_TAG_MAX);", "more tag than was asked for"),
    ("gcm-tag-bare", GCM, "y.words[1] ^ mask.words[1]", "y.words[1]", "half of the tag is not masked"),
    ("gcm-aad-skipped", GCM, "if (message->aad_length > 0) {", "if (false) {", "additional data is not authenticated"),
    ("gcm-lengths", GCM, "(uint64_t)message->length * 8u", "(uint64_t)message->length", "the length is told in octets"),
    ("gcm-plain-kept", GCM, "            memset(out, 0, length);", "            memset(out, 0, 1);", "a forged text is given out"),
    ("gcm-counter", GCM, "        counter += CHUNK / BLOCK;\n", "", "the key stream begins again in long texts"),
    ("gcm-padding", GCM, "memset(text + part, 0, padded - part);", "memset(text + part, 0, padded - part - 1u);", "key stream gets into the tag"),
    ("gcm-wipe", GCM, "i < sizeof gcm->state; i++", "i < 32; i++", "most of the expanded key stays in memory"),
    ("seal-slot", SEALER, "octets[2] = nonce->slot;", "octets[2] = 0;", "both slots of a record share a nonce"),
    ("seal-record", SEALER, "(uint8_t)(nonce->record >> 8)", "(uint8_t)nonce->record", "records share a nonce"),
    ("seal-epoch", SEALER, "put_u32(octets + 4, nonce->epoch);", "put_u32(octets + 4, nonce->sequence);", "a nonce comes again after a start"),
    ("seal-sequence", SEALER, "put_u32(octets + 8, nonce->sequence);", "put_u32(octets + 8, nonce->sequence & 0xFFFFFFu);", "a nonce comes again late"),
    ("seal-keyless", SEALER, "    if (status == QD_OK) {\n        sealer->sealer.context", "    if (sealer != NULL) {\n        sealer->sealer.context", "seals with a key that is none"),
]

MUTANTS = [Mutant(*row) for row in ROWS]
assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
