/*
 * test_models.c - the models' tables: sorted, consistent, and served as they are written.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "base/obis.h"

static world_t world;

static void test_models_by_name(void **state) {
    (void)state;
    assert_int_equal(qd_model_count(), 2);
    assert_ptr_equal(qd_model_find("st402"), &qd_model_st402);
    assert_ptr_equal(qd_model_find("mini"), &qd_model_mini);
    assert_null(qd_model_find("st40"));
    assert_null(qd_model_find("st4022"));
    assert_null(qd_model_find(""));
    assert_null(qd_model_find(NULL));
    assert_null(qd_model_at(2));
    for (size_t i = 0; i < qd_model_count(); i++) {
        const qd_model_t *model = qd_model_at(i);
        assert_ptr_equal(qd_model_find(qd_model_name(model)), model);
        assert_true(strlen(qd_model_title(model)) > 0);
        assert_true(qd_model_channel_count(model) <= QD_CHANNELS_MAX);
    }
    assert_int_equal(qd_model_phase_mask(&qd_model_st402), 7);
    assert_int_equal(qd_model_phase_mask(&qd_model_mini), 1);
    assert_int_equal(qd_model_channel_count(&qd_model_st402), 7);
}

static void test_clients(void **state) {
    static const struct {
        uint16_t sap;
        uint8_t mechanism;
        bool preestablished;
        bool secret;
    } wanted[] = {{16, 0, false, false}, {1, 1, false, true},  {102, 0, true, false},
                  {17, 1, false, true},  {18, 1, false, true}, {19, 1, false, true}};
    qd_model_client_t client;
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_int_equal(qd_model_client(&qd_model_st402, i, &client), QD_OK);
        assert_int_equal(client.sap, wanted[i].sap);
        assert_int_equal(client.mechanism, wanted[i].mechanism);
        assert_int_equal(client.preestablished, wanted[i].preestablished);
        assert_int_equal(client.factory_secret != NULL, wanted[i].secret);
    }
    assert_int_equal(qd_model_client(&qd_model_st402, 6, &client), QD_END);
}

static void test_tables_of_all_models(void **state) {
    (void)state;
    for (size_t i = 0; i < qd_model_count(); i++) {
        uint16_t row = 0;
        world_blank(&world, qd_model_at(i));
        assert_int_equal(world_start(&world), QD_OK);
        assert_int_equal(qd_objects_check(&world.meter->objects, &row), QD_OK);
        const qd_cosem_tables_t *tables = qd_model_at(i)->cosem;
        assert_true(tables->client_count <= QD_CLIENTS_MAX && tables->management < tables->client_count);
        uint64_t last = 0;
        for (uint16_t r = 0; r < tables->object_count; r++) {
            const qd_object_row_t *one = &tables->objects[r];
            uint64_t first = qd_obis_key(&one->obis);
            assert_true(r == 0 || first > last);
            last = first + ((uint64_t)(one->members - 1u) << 8);
            assert_int_equal(one->obis.group[5], 255);
            /* Nobody may write what is legally relevant, but the factory. */
            for (unsigned c = 0; c < tables->client_count; c++) {
                assert_false((one->flags & QD_ROW_LEGALLY_RELEVANT) != 0 &&
                             (tables->access[one->access].rights[c] & ~QD_RIGHT_READ) != 0);
            }
        }
    }
}

/* Each way in which a table can be wrong is found, at its row. */
static void test_tables_that_are_wrong(void **state) {
    qd_object_row_t rows[4];
    qd_cosem_tables_t tables = *qd_model_st402.cosem;
    qd_objects_t objects;
    uint16_t row = 0;
    (void)state;
    expect_world(&world);
    objects = world.meter->objects;
    objects.tables = &tables;
    tables.objects = rows;
    tables.object_count = 4;
    for (unsigned wrong = 0; wrong < 10; wrong++) {
        static const uint16_t at[] = {0, 2, 2, 1, 1, 1, 3, 3, 0, 0};
        for (unsigned i = 0; i < 4; i++) {
            rows[i] = qd_model_st402.cosem->objects[i];
            rows[i].obis = (qd_obis_t)QD_OBIS(1, 0, 1, 8, (uint8_t)(10 * i), 255);
            rows[i].members = 10;
        }
        switch (wrong) {
        case 1:
            rows[1].members = 11; /* one too many: the next begins inside */
            break;
        case 2:
            rows[2].obis.group[4] = 10;
            break;
        case 3:
            rows[1].members = 0;
            break;
        case 4:
            rows[1].class_row = NULL;
            break;
        case 5:
            rows[1].ref.module = QD_MODULE_COUNT;
            break;
        case 6:
            rows[3].access = tables.access_count;
            break;
        case 7:
            rows[3].obis.group[4] = 247;
            break;
        case 8:
            rows[3].obis.group[4] = 246; /* up to 255 is good */
            break;
        default:
            break;
        }
        bool good = wrong == 0 || wrong >= 8;
        assert_int_equal(qd_objects_check(&objects, &row), good ? QD_OK : QD_ARGUMENT);
        assert_int_equal(row, good ? 3 : at[wrong]);
    }
}

/* Names and places: every member is found under its name, and nothing beside it. */
static void test_every_member_is_found(void **state) {
    (void)state;
    expect_world(&world);
    const qd_objects_t *objects = &world.meter->objects;
    uint32_t total = 0;
    for (uint16_t r = 0; r < objects->tables->object_count; r++) {
        const qd_object_row_t *row = &objects->tables->objects[r];
        for (uint8_t m = 0; m < row->members; m++) {
            const qd_object_t object = {r, m};
            qd_object_t found;
            qd_obis_t name;
            qd_object_name(objects, object, &name);
            assert_int_equal(qd_object_find(objects, &name, &found), QD_OK);
            assert_int_equal(found.row, r);
            assert_int_equal(found.member, m);
            name.group[5] = 254;
            assert_int_equal(qd_object_find(objects, &name, &found), QD_UNDEFINED);
            total++;
        }
    }
    assert_int_equal(qd_object_count(objects, QD_CLIENT_INTERNAL), total);
    for (uint8_t client = 0; client < objects->tables->client_count; client++) {
        uint32_t seen = 0;
        for (uint16_t r = 0; r < objects->tables->object_count; r++) {
            const qd_object_row_t *row = &objects->tables->objects[r];
            seen += objects->tables->access[row->access].rights[client] != 0 ? row->members : 0u;
        }
        assert_int_equal(qd_object_count(objects, client), seen);
    }
    static const qd_obis_t lowest = QD_OBIS(0, 0, 0, 0, 0, 0);
    static const qd_obis_t highest = QD_OBIS(255, 255, 255, 255, 255, 255);
    qd_object_t object;
    assert_int_equal(qd_object_find(objects, &lowest, &object), QD_UNDEFINED);
    assert_int_equal(qd_object_find(objects, &highest, &object), QD_UNDEFINED);
}

static size_t get(const qd_obis_t *name, uint16_t class_id, unsigned attribute, uint8_t *answer,
                  size_t size) {
    uint8_t apdu[] = {
        0xC0, 1, 0xC1, (uint8_t)(class_id >> 8), (uint8_t)class_id, 0, 0, 0, 0, 0, 0, (uint8_t)attribute, 0};
    memcpy(apdu + 5, name->group, 6);
    return world_ask(&world, 0, SAP_MANAGEMENT, apdu, sizeof apdu, answer, size);
}

/* Whatever management sees can be asked for: a value, a refusal of a secret, or "not available now". */
static void test_every_attribute_answers(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    for (unsigned i = 0; i < 3; i++) {
        world.now.phase[i] = (qd_phase_quantities_t){.voltage_mv = 230000, .current_ma = 1000, .valid = true};
    }
    world_run(&world, 2);
    const qd_objects_t *objects = &world.meter->objects;
    qd_object_t object = {0, 0};
    for (; object.row < objects->tables->object_count; object.member++) {
        const qd_object_row_t *row = &objects->tables->objects[object.row];
        if (object.member == row->members) {
            object = (qd_object_t){(uint16_t)(object.row + 1u), 0xFF}; /* its first member is next */
            continue;
        }
        qd_obis_t name;
        qd_object_name(objects, object, &name);
        for (unsigned a = 1; a <= row->class_row->attribute_count + 2u; a++) {
            uint8_t answer[1024] = {0};
            size_t length = get(&name, row->class_row->id, a, answer, sizeof answer);
            bool secret = row->class_row->id == 15 && a == 7;
            bool beyond = a == row->class_row->attribute_count + 2u;
            assert_in_range(length, 5, 832);
            assert_int_equal(answer[0], 0xC4);
            assert_int_equal(answer[3], answer[1] == 2 ? 0 : secret || beyond);
            if (secret || beyond) {
                assert_int_equal(answer[4], secret ? 3 : 4);
            } else if (a == 1) {
                assert_memory_equal(answer + 6, name.group, 6);
            } else if (a == 2 && (row->class_row->id == 1 || row->class_row->id == 3)) {
                assert_int_equal(answer[4], row->type);
            } else if (a == 3 && row->class_row->id == 3) {
                const uint8_t wanted[] = {2, 2, 15, (uint8_t)row->scaler, 22, row->unit};
                assert_memory_equal(answer + 4, wanted, sizeof wanted);
            }
        }
    }
}

/* What classes of the model look like, IEC 62056-62: attributes with the logical name, and methods. */
static void test_classes(void **state) {
    static const struct {
        const qd_class_t *row;
        uint16_t id;
        uint8_t version;
        uint8_t attributes;
        uint8_t methods;
    } wanted[] = {
        {&qd_class_data, 1, 0, 2, 0},
        {&qd_class_register, 3, 0, 3, 1},
        {&qd_class_register_activation, 6, 0, 4, 3},
        {&qd_class_clock, 8, 0, 9, 6},
        {&qd_class_script_table, 9, 0, 2, 1},
        {&qd_class_association_ln, 15, 1, 9, 4},
        {&qd_class_sap_assignment, 17, 0, 2, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_int_equal(wanted[i].row->id, wanted[i].id);
        assert_int_equal(wanted[i].row->version, wanted[i].version);
        assert_int_equal(wanted[i].row->attribute_count + 1, wanted[i].attributes);
        assert_int_equal(wanted[i].row->method_count, wanted[i].methods);
        assert_int_equal(wanted[i].row->methods >> wanted[i].methods, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_by_name),
        cmocka_unit_test(test_clients),
        cmocka_unit_test(test_tables_of_all_models),
        cmocka_unit_test(test_tables_that_are_wrong),
        cmocka_unit_test(test_every_member_is_found),
        cmocka_unit_test(test_every_attribute_answers),
        cmocka_unit_test(test_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
