# SPDX-License-Identifier: Apache-2.0
"""image.py, written from docs/storage.md alone, against meters that run: what they said last is what lies in their memory."""

import datetime
import json
import pathlib
import random
import subprocess
import sys
import time
import types

import image
import meter as meters
import octets
import peer as peers
import pytest
from gurux_dlms import GXDateTime
from gurux_dlms.objects import GXDLMSClock

MODELS = ("st402", "mini")
LOG, JOURNAL = "0-0:99.98.0", "0-0:99.98.128"
UTC = datetime.timezone.utc
START_MS = 820_540_800_000  # meters.START

# Rows of a load: volts, amperes, watts, vars in three phases, so that all four quadrants come and no two channels are equal.
ROWS = ((0, (2300, 500, 1800), (400, 0, -90)), (400, (-910, 700, -1300), (250, -333, 120)), (800, (123.457, 1100, -8.001), (-77, 5, 6)))


def load_until(second, last=10**9):
    """The rows above, then nothing until the end of the test: the registers stand."""
    lines = [f"t_s,{meters.COLUMNS}"]
    for at, watts, vars_ in (*ROWS, (second, (0, 0, 0), (0, 0, 0)), (last, (0, 0, 0), (0, 0, 0))):
        amperes = [f"{abs(w) / 230 + 1:.3f}" if w else "0" for w in watts]
        lines.append(",".join(str(cell) for cell in (at, 230, 230, 230, *amperes, *watts, *vars_, 50)))
    return "\n".join(lines) + "\n"


def manager(meter):
    return peers.Peer(meter.address, meters.CLIENTS["management"], meter.password("management"))


def command(meter, verb, *words, good=(0,)):
    """One `quadrant VERB` as management; its standard output."""
    status, out, err = meters.quadrant(verb, meter.uri, "--as", "management", *words, password=meter.password("management").decode())
    assert status in good, err
    return out


def poke(meter, *words):
    status, _, err = meters.quadrant("poke", meter.arguments[meter.arguments.index("--state") + 1], *words)
    assert status == 0, err


def readings(meter):
    """{OBIS: raw value} of all registers, and the clock, as `quadrant read` shows them."""
    # Status 1: before the first second is measured a value is missing.
    rows = [json.loads(line) for line in command(meter, "read", "--json", good=(0, 1)).splitlines()]
    clock = next(row["value"] for row in rows if row["class"] == 8)
    return datetime.datetime.fromisoformat(clock), {row["obis"]: row["raw"] for row in rows if row["class"] == 3 and row["status"] == "ok"}


def read_at(meter, second):
    """The registers once the meter's clock has passed that second."""
    until = time.monotonic() + 20
    while True:
        clock, values = readings(meter)
        if (clock - datetime.datetime.fromisoformat(meters.START.replace("Z", "+00:00"))).total_seconds() > second:
            return values
        assert time.monotonic() < until, clock
        time.sleep(0.05)


def found(folder):
    """The image as data; nothing in it may be in doubt."""
    data = image.contents(*image.files(folder))
    assert data["trouble"] == []
    return data


# What group C of an OBIS code sums up.
QUANTITIES = {1: ("A+",), 2: ("A-",), 3: ("R1", "R2"), 4: ("R3", "R4"), 5: ("R1",), 6: ("R2",), 7: ("R3",), 8: ("R4",), 9: ("S+",),
              10: ("S-",), 15: ("A+", "A-")}


def shown(state):
    """{OBIS: Wh} of everything that the registers of an image can show."""
    values, energy = {}, state["energy_mj"]
    for c, names in QUANTITIES.items():
        for rate in range(9):
            mj = sum(energy[name]["rates"][rate - 1] if rate else energy[name]["total"] for name in names)
            values[f"1-0:{c}.8.{rate}.255"] = mj // 3_600_000
        for phase in range(3):
            mj = sum(energy[name]["phases"][phase] for name in names)
            values[f"1-0:{c + 20 * (phase + 1)}.8.0.255"] = mj // 3_600_000
    for rate in range(9):
        imported, exported = (energy[name]["rates"][rate - 1] if rate else energy[name]["total"] for name in ("A+", "A-"))
        values[f"1-0:16.8.{rate}.255"] = int((imported - exported) / 3_600_000)  # towards zero
    return values


def same_registers(state, values):
    """All energy registers that the meter has are those of the image, to the Wh."""
    image_values = shown(state)
    energy = {name: value for name, value in values.items() if name.split(".")[1] == "8"}
    assert len(energy) >= 6 and sum(value > 0 for value in energy.values()) >= 4
    assert {name: image_values[name] for name in energy} == energy


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return request.param


@pytest.fixture(scope="module")
def counted(yard, model):
    """A meter that counted for 20 min and stands still: (registers, image) after a stop, after a kill, and after a fold."""
    name, load, stages = f"counted-{model}", load_until(1220), {}
    yard.through("600s", model=model, name=name, load=load)
    meter = yard.start(model=model, name=name, load=load, speed=20)
    command(meter, "call", "0-0:10.0.100:1", "2")
    assert meter.interrupt() == 0
    yard.through("590s", model=model, name=name, load=load)
    for stage, speed, second, end in (("stop", 20, 1222, "interrupt"), ("kill", 20, 1226, "kill"), ("fold", "max", 4000, "interrupt")):
        meter = yard.start(model=model, name=name, load=load, speed=speed)
        values = read_at(meter, second)
        if end == "kill":
            meter.kill()
        else:
            assert meter.interrupt() == 0
        stages[stage] = values, found(yard.state(name))
    return stages


@pytest.mark.parametrize("stage", ["stop", "kill", "fold"])
def test_registers_are_those_read_last(counted, stage):
    values, data = counted[stage]
    same_registers(data["metrology"], values)
    assert data["superblock"]["model"] in MODELS and data["redo"] == {"state": "clean"}


def test_both_forms_were_seen(counted):
    """Energy in the delta before the fold, in the base after it; some of it under rate 2."""
    before, after = counted["stop"][1], counted["fold"][1]
    assert before["metrology"]["from"] == "base and delta" and before["records"]["delta"]["moved"]
    assert after["records"]["base"]["number"] > before["records"]["base"]["number"]
    assert not after["records"]["delta"]["moved"]
    assert before["metrology"]["energy_mj"] == after["metrology"]["energy_mj"]
    for data in (before, after):
        rates = data["metrology"]["energy_mj"]["A+"]["rates"]
        assert rates[0] > 0 and rates[1] > 0 and not any(rates[2:])


def test_the_books_balance(counted):
    """Remainders below a mJ, rates and phases within the model, and a checkpoint that is not ahead."""
    for stage, (_, data) in counted.items():
        state = data["metrology"]
        for channel, energy in state["energy_mj"].items():
            assert all(0 <= left < 1_000_000 for left in energy["remainders_nj"]), channel
            assert energy["total"] == energy["unallocated"] + sum(energy["rates"])
        checkpoint = data["records"]["checkpoint"]
        assert checkpoint["base"] == data["records"]["base"]["number"] and checkpoint["snapshot"] <= state["snapshot"]
        newest = data["logs"]["journal"]["rows"][-1]["sequence"]
        assert checkpoint["journal"] <= state["journal"] <= newest
        assert state["journal"] == newest or stage == "kill"
        assert all(total <= state["energy_mj"][channel]["total"] for channel, total in zip(image.CHANNELS, checkpoint["totals"]))


STEADY = meters.constant_load(230, 5, 3600, 1800)


def test_energy_is_power_times_the_time_that_was_kept(yard, model):
    """A kill between two seconds: registers and UTC are of one moment, to the nJ."""
    meter = yard.start(model=model, name=f"steady-{model}", load=STEADY, speed=50)
    time.sleep(0.7)
    meter.kill()
    state = found(yard.state(f"steady-{model}"))["metrology"]
    seconds, part = divmod(state["utc_ms"] - START_MS, 1000)
    assert part == 0 and seconds > 3
    phases = 1 if model == "mini" else 3
    for channel, milliwatts in (("A+", 3_600_000), ("R1", 1_800_000)):
        energy = state["energy_mj"][channel]
        assert energy["total"] == phases * milliwatts * seconds and energy["phases"][0] == milliwatts * seconds
        assert not any(energy["remainders_nj"])


def test_the_delta_of_a_notice(yard, model):
    """Rates change and the mains fail within one second: what the last delta says is exact to the ms of its UTC."""
    name = f"notice-{model}"
    yard.through("100s", model=model, name=name, load=STEADY)
    meter = yard.start(model=model, name=name, load=STEADY, speed="real", start=meters.instant(101))
    time.sleep(1.6)
    with manager(meter) as peer:
        peer.method(peer.object(9, "0-0:10.0.100"), 1, 2, 18)
    poke(meter, "outage", "1h")
    time.sleep(0.3)
    meter.kill()
    data = found(yard.state(name))
    state, delta = data["metrology"], data["records"]["delta"]
    assert state["from"] == "base and delta" and delta["with_notice"]
    ms = state["utc_ms"] - START_MS - 1000  # without the second between the two starts
    phases = 1 if model == "mini" else 3
    for channel, milliwatts in (("A+", 3_600_000), ("R1", 1_800_000)):
        energy = state["energy_mj"][channel]
        exact = energy["total"] * 1_000_000 + energy["remainders_nj"][0]
        assert phases * milliwatts * ms * 1000 <= exact < phases * milliwatts * (ms + 1) * 1000
    assert state["rates"][0] == 2
    assert state["energy_mj"]["A+"]["rates"][0] > 0
    if delta["rates_changed"]:
        assert state["energy_mj"]["A+"]["rates"][1] > 0


# --- logs -----------------------------------------------------------------------------------------------------------------


def set_clock(peer, instant):
    clock = GXDLMSClock("0.0.1.0.0.255")
    clock.time = GXDateTime(instant)
    peer.write(clock, 2)


def cosem_time(seconds, deviation, status):
    """The octet-string of an event's time."""
    civil = image.EPOCH_2000 + datetime.timedelta(seconds=seconds, minutes=-deviation)
    return (civil.year.to_bytes(2, "big") + bytes([civil.month, civil.day, civil.isoweekday(), civil.hour, civil.minute, civil.second, 0xFF])
            + deviation.to_bytes(2, "big", signed=True) + bytes([status]))


def hundredths(text):
    """UTC in 10 ms since 2000 of a COSEM date-time with hundredths."""
    civil = datetime.datetime(int.from_bytes(text[0:2], "big"), *text[2:4], *text[5:8], 10_000 * text[8], tzinfo=UTC)
    return ((civil - image.EPOCH_2000) + datetime.timedelta(minutes=int.from_bytes(text[9:11], "big", signed=True))) // datetime.timedelta(
        milliseconds=10)


@pytest.fixture(scope="module")
def logged(yard, model):
    """What a meter told of its logs and what its image holds: after 41 events, and after 741."""
    name, stages = f"logged-{model}", {}
    for stage, sets in (("few", 20), ("many", 350)):
        meter = yard.start(model=model, name=name, load=meters.zero_load(), speed=100)
        with manager(meter) as peer:
            for i in range(sets):
                set_clock(peer, datetime.datetime(2026, 1, 1, 5 + i % 2 * 3, i % 50, tzinfo=UTC))
        # The clock stands where no event is due; nothing is appended any more.
        told = types.SimpleNamespace(events=[json.loads(row) for row in command(meter, "events", "--json").splitlines()],
                                     entries=[json.loads(row) for row in command(meter, "events", "journal", "--json").splitlines()])
        with manager(meter) as peer:
            told.rows = peer.raw(7, LOG, 2)
            told.journal = peer.raw(7, JOURNAL, 2)
        assert meter.interrupt() == 0
        stages[stage] = told, found(yard.state(name))
    return stages


@pytest.mark.parametrize("stage", ["few", "many"])
def test_the_event_log_is_the_one_that_was_read(logged, stage):
    told, data = logged[stage]
    log = data["logs"]["standard"]["rows"]
    assert [(cosem_time(row["time_s"], row["deviation_min"], row["clock_status"]), row["code"], row["meter_status"]) for row in log] == \
        [(bytes(row[0]), row[1], row[2]) for row in told.rows]
    assert [(datetime.datetime.fromisoformat(row["time"]), row["code"], row["meter_status"]) for row in log] == \
        [(datetime.datetime.fromisoformat(row["time"]), row["code"], row["meter_status"]) for row in told.events]
    target = data["records"]["events"]["targets"][0]
    assert target["last"] == log[-1]["code"] and target["count"] == log[-1]["row"] == data["records"]["events"]["next"] - 1


@pytest.mark.parametrize("stage", ["few", "many"])
def test_the_journal_is_the_one_that_was_read(logged, stage):
    told, data = logged[stage]
    log = data["logs"]["journal"]["rows"]
    assert [(row["utc_ms"] // 10, row["sequence"], row["code"], row["detail"], row["old"], row["new"]) for row in log] == \
        [(hundredths(row[0]), *row[1:]) for row in told.journal]
    assert [(row["sequence"], row["code"], row["detail"], row["old"], row["new"]) for row in log] == \
        [tuple(row[name] for name in ("entry", "code", "detail", "old", "new")) for row in told.entries]


def test_the_rings_went_round(logged):
    few, many = logged["few"][1]["logs"], logged["many"][1]["logs"]
    assert few["standard"]["rows"][0]["row"] == few["journal"]["rows"][0]["row"] == 1
    assert len(many["standard"]["rows"]) == 500 and many["standard"]["rows"][-1]["row"] > 600
    assert len(many["journal"]["rows"]) == 200 and many["journal"]["rows"][-1]["row"] > 350
    for name in ("standard", "journal"):
        assert many[name]["pages"]["good"] > few[name]["pages"]["good"] > 0


# --- everything that is configured ----------------------------------------------------------------------------------------


def test_every_record(yard):
    """A meter in manufacture state to which everything was written that has a record."""
    meter = yard.start(name="told", load=meters.zero_load(), extra=["--factory"])
    with octets.Line(meter.address) as line:
        sap = meters.CLIENTS["management"]
        line.associate(sap, meter.password("management"))
        for item, value in (("1-0:0.4.2", 50), ("1-0:0.4.5", 5), ("1-0:0.4.3", 110), ("1-0:0.4.6", 2),
                            ("0-0:1.0.0:3", -120), ("0-0:1.0.0:7", -30), ("1-0:0.9.11", 7)):
            command(meter, "set", item, value)
        for name, text in (("0-0:96.1.0", b"12345678"), ("0-0:96.1.3", b"third"), ("1-0:0.0.0", b"electric"), ("0-0:42.0.0", b"QDT0000012345678")):
            assert line.set(1, name, 2, octets.string(text), sap) == 0, name
        secrets = {n: f"secret-of-{n}".encode() for n in (4, 5, 6)}
        for n, secret in secrets.items():
            assert line.set(15, f"0-0:40.0.{n}", 7, octets.string(secret), sap) == 0, n
        mask = line.get(6, "0-0:14.0.1", 4, sap)
    command(meter, "call", "0-0:10.0.100:1", "3")
    assert meter.interrupt() == 0
    records = found(yard.state("told"))["records"]
    assert records["sealed"] == {"current_ratio": [50, 5], "voltage_ratio": [110, 2], "primary": 0, "pulse_constants": [1000, 1000]}
    assert records["base"]["sealed"] == records["sealed"]
    assert records["identity"]["device_numbers"][0] == "12345678" and records["identity"]["device_numbers"][3] == "third"
    assert records["identity"]["logical_device_name"] == "QDT0000012345678"
    assert records["identity"]["electricity_number"] == "electric"
    clock = records["clock"]
    assert (clock["zone_min"], clock["dst_deviation_min"], clock["sync_limit_s"]) == (-120, -30, 7)
    assert clock["dst_enabled"] == 1 and clock["dst_begin"][:8] == "ffff03fe"
    tariff = records["tariff"]
    assert mask[0] == 0 and len(tariff["masks"]) == 8 and tariff["active"] == 2
    assert tariff["masks"][2] == {"name": "0003", "registers": list(range(17, 25))}
    assert tariff["assignments"][16:24] == [[channel, 3] for channel in range(8)]
    passwords = [text.encode() if text else None for text in records["passwords"]["clients"]]
    assert set(secrets.values()) < set(passwords) and meter.password("management") in passwords
    assert passwords == [None, meter.password("management"), None, *secrets.values()]
    assert [row["code"] for row in found(yard.state("told"))["logs"]["journal"]["rows"]].count(4) == 4


# --- damage ---------------------------------------------------------------------------------------------------------------


def places(data, folder):
    """(name, first octet, octets) of every piece of an image that holds something."""
    rows = [("superblock", 64 * i, 64) for i in range(2)]
    rows += [(f"record {row['record']:#06x}", row["at"], row["octets"]) for row in data["slots"] if row["state"] == "good"]
    assert len({name for name, *_ in rows}) >= 6, folder
    return rows


def test_a_flipped_bit_is_noticed(yard, counted, model):
    """Some bits of every slot that is written, and of both superblocks: what is hit is named."""
    dice = random.Random(402)
    folder = yard.state(f"counted-{model}")
    fram, flash, key = image.files(folder)
    for name, at, size in places(counted["fold"][1], folder):
        for where in {0, 12, size - 1, *(dice.randrange(size) for _ in range(6))}:
            bad = bytearray(fram)
            bad[at + where] ^= 1 << dice.randrange(8)
            try:
                trouble = image.contents(bytes(bad), flash, key)["trouble"]
            except image.Refused as error:
                pytest.fail(f"{name}, octet {where}: {error}")
            assert any(name in text for text in trouble), (name, where, trouble)


def test_a_flipped_bit_in_flash_is_noticed(yard, logged, model):
    dice = random.Random(403)
    fram, flash, key = image.files(yard.state(f"logged-{model}"))
    good = [page for page in range(len(flash) // 256) if set(flash[256 * page:256 * page + 256]) != {0xFF}]
    lost = 0
    for page in dice.sample(good, 20):
        bad = bytearray(flash)
        bad[256 * page + dice.randrange(12 + image.T + bad[256 * page + 3])] ^= 1 << dice.randrange(8)
        data = image.contents(fram, bytes(bad), key)
        assert any("neither good nor erased" in text for text in data["trouble"])
        lost += sum("lost" in row for log in data["logs"].values() for row in log["rows"])
    assert lost > 0


def test_a_lost_record_is_told(yard, counted, model):
    """Both slots of the base: nothing is made up for it."""
    fram, flash, key = image.files(yard.state(f"counted-{model}"))
    bad = bytearray(fram)
    for row in counted["fold"][1]["slots"]:
        if row["record"] == 0x0101:
            bad[row["at"] + 100] ^= 1
    data = image.contents(bytes(bad), flash, key)
    assert data["lost"] == [0x0101] and data["metrology"] is None


def test_a_wrong_key_opens_nothing(yard, counted, logged, model):
    fram, flash, key = image.files(yard.state(f"logged-{model}"))
    for wrong in (bytes(16), bytes([key[0] ^ 1, *key[1:]]), bytes([*key[:15], key[15] ^ 0x80])):
        with pytest.raises(image.Refused, match="another key"):
            image.contents(fram, flash, wrong)
        store = image.Store(fram, image.Key(key))
        store.key = image.Key(wrong)
        for record, capacity in image.LAYOUT:
            for slot in range(2):
                assert store._slot(record, slot, capacity)[0] in ("bad", "blank")
        log = image.Log(0x0302, flash, 6, None, image.Key(wrong))
        assert log.states["good"] == 0 and log.states["other"] > 0


def test_the_program(yard, counted, model):
    """What it prints is what it found; its status says whether that can be trusted."""
    program = [sys.executable, pathlib.Path(image.__file__)]
    done = subprocess.run([*program, yard.state(f"counted-{model}")], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0 and json.loads(done.stdout) == json.loads(json.dumps(counted["fold"][1]))
    done = subprocess.run([*program, yard.folder], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 2 and not done.stdout and "fram" in done.stderr


def spoil(folder, *records):
    """Both slots of these records, as the page says where they are; the meter must not run."""
    fram, _, key = image.files(folder)
    bad, store = bytearray(fram), image.Store(fram, image.Key(key))
    for record in records:
        for slot in range(2):
            bad[store.places[record, slot] + 14] ^= 0x40
    (folder / "fram").write_bytes(bad)


@pytest.fixture(scope="module")
def repaired(yard, model):
    """A meter whose head of the event log and whose error register were lost: (rows, journal, state directory)."""
    name = f"repaired-{model}"
    meter = yard.start(model=model, name=name, load=meters.zero_load(), speed=100)
    with manager(meter) as peer:
        for i in range(40):
            set_clock(peer, datetime.datetime(2026, 1, 1, 5 + i % 2 * 3, i, tzinfo=UTC))
    assert meter.interrupt() == 0
    spoil(yard.state(name), 0x0302, 0x0206)
    meter = yard.start(model=model, name=name, load=meters.zero_load(), speed=100)
    with manager(meter) as peer:
        for i in range(20):
            set_clock(peer, datetime.datetime(2026, 1, 1, 5 + i % 2 * 3, i, tzinfo=UTC))
        rows, journal = peer.raw(7, LOG, 2), peer.raw(7, JOURNAL, 2)
    assert meter.interrupt() == 0
    return rows, journal, yard.state(name)


def told_and_kept(rows, data):
    """The rows of the event log as the meter gave them and as the image has them; None for what is lost."""
    kept = [None if "lost" in row else (cosem_time(row["time_s"], row["deviation_min"], row["clock_status"]), row["code"], row["meter_status"])
            for row in data["logs"]["standard"]["rows"]]
    return [(bytes(row[0]), row[1], row[2]) if row[0] else None for row in rows], kept


def test_a_head_that_was_lost(repaired):
    """The rows that were only in the head, and the numbers of two pages, are gone; the gap is where the page says."""
    rows, journal, folder = repaired
    data = image.contents(*image.files(folder))
    told, kept = told_and_kept(rows, data)
    assert told == kept
    head = data["records"]["standard_head"]
    lost = [row["row"] for row in data["logs"]["standard"]["rows"] if "lost" in row]
    # 81 events were in pages 0 to 8; pages 9 and 10 count as lost, the gap goes on to the next block.
    assert lost == list(range(82, 100)) and told[99] is not None
    assert (head["gap_page"], head["gap"]) == (11, 5) and head["page"] >= 16
    assert data["trouble"] == [f"row {row} of log standard is lost" for row in lost]
    assert [(row[2], row[3]) for row in journal].count((12, 0x0302)) == 1
    errors = data["records"]["diagnosis"]["errors"]
    assert errors and errors == rows[-1][2]


def test_a_log_that_was_cleared(yard, model, repaired):
    """The restart of a log: another generation, and nothing of the one before."""
    folder = repaired[2]
    before = image.contents(*image.files(folder))["records"]["standard_head"]
    meter = yard.start(model=model, name=folder.name, load=meters.zero_load(), speed=100)
    with manager(meter) as peer:
        peer.method(peer.object(7, LOG), 1, 0, 15)
        for i in range(10):
            set_clock(peer, datetime.datetime(2026, 1, 1, 5 + i % 2 * 3, i, tzinfo=UTC))
        rows = peer.raw(7, LOG, 2)
    assert meter.interrupt() == 0
    data = found(folder)
    told, kept = told_and_kept(rows, data)
    assert told == kept and len(told) == 21 and told[0][1] == 255
    after = data["records"]["standard_head"]
    assert after["generation"] == max(before["generation"] + 1, 256 * data["superblock"]["epoch"])
    assert data["logs"]["standard"]["rows"][0]["row"] == after["first_row"] > before["next"] - 1


def test_a_group_that_was_cut(yard, model):
    """A redo area made by hand from the page: the reader takes it, and so does the meter."""
    name = f"group-{model}"
    yard.through("10s", model=model, name=name, load=meters.zero_load())
    fram, flash, key = image.files(yard.state(name))
    store = image.Store(fram, image.Key(key))
    clock = bytes([1]) + (-180).to_bytes(2, "little", signed=True) + bytes([0xC4, 1]) + bytes.fromhex(
        "ffff03fe07020000008000ffffff0afe07030000008000ff") + (11).to_bytes(2, "little")
    diagnosis = bytes([1, 0, 0, 0, 0])
    entries = b"".join(record.to_bytes(2, "little") + len(payload).to_bytes(2, "little") + payload
                       for record, payload in ((0x0202, clock), (0x0206, diagnosis)))
    epoch, sequence = store.superblock["epoch"].to_bytes(4, "little"), (1_000_000).to_bytes(4, "little")
    seal = image.Cipher(image.algorithms.AES(key), image.modes.GCM(bytes(4) + epoch + sequence)).encryptor()
    sealed = seal.update(entries) + seal.finalize()
    area = b"REDO\0\0" + len(entries).to_bytes(2, "little") + sequence + epoch + seal.tag[:image.T] + sealed
    bank = store.superblock["bank"]
    (yard.state(name) / "fram").write_bytes(fram[:bank] + area + fram[bank + len(area):])
    data = found(yard.state(name))
    assert data["redo"]["state"] == "pending" and data["redo"]["records"] == [0x0202, 0x0206]
    assert data["records"]["clock"]["zone_min"] == -180
    meter = yard.start(model=model, name=name, load=meters.zero_load(), speed=20)
    with manager(meter) as peer:
        assert peer.raw(8, "0-0:1.0.0", 3) == -180 and peer.raw(8, "0-0:1.0.0", 7) == -60
    assert meter.interrupt() == 0
    data = found(yard.state(name))
    assert data["redo"]["state"] == "clean" and data["records"]["clock"]["sync_limit_s"] == 11
    assert [row["state"] for row in data["slots"] if row["record"] in (0x0202, 0x0206)].count("good") >= 2
