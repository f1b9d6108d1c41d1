# SPDX-License-Identifier: Apache-2.0
"""The conformance suite against running meters, and against meters that deviate: it must see it."""

import json
import pathlib
import re
import subprocess
import sys

import meter as meters
import octets
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))

import deviant  # noqa: E402  (needs the path above)

QUICK = ("--silence", "150ms", "--timeout", "3s", "--json")


# What the image is asked over the wrapper: its one modem takes seconds to notice that a connection has gone, so the
# cases that abandon connections or want several of them are for the command.
OF_THE_IMAGE = ("--only", "APPL_*,Q_AL_*,COSEM_*,Q_COSEM_*,Q_WRP_01,Q_WRP_03,Q_WRP_04,Q_WRP_05,Q_WRP_06,Q_WRP_13")
NEGATIVE_OF_THE_IMAGE = ("--only", "NEG_ACSE_*,NEG_APDU_*,NEG_WRP_VERSION_*,NEG_WRP_DESTINATION_*,NEG_WRP_AARQ_*,NEG_WRP_SOURCE_*,"
                                   "NEG_WRP_LENGTH_*,NEG_WRP_PAUSE_*,NEG_WRP_SLOW,NEG_WRP_PIPELINE")
OVER_ITS_LINE = "asked over its line, tests/firmware/test_line.py"


class Stand:
    """A meter with a TCP port for each framing."""

    def __init__(self, yard, model):
        self.model = model
        self.image = type(yard) is not meters.Yard
        if self.image:
            self.meter = yard.start(model=model, name=f"stand-{model}", load=meters.zero_load(), hdlc=True)
            self.state = yard.folder / "clients-of-the-model"
            self.wrapper = self.meter.uri
            self.hdlc = "hdlc+tcp://{}:{}".format(*self.meter.lines.address)
            return
        self.meter = yard.start(model=model, name=f"stand-{model}", load=meters.zero_load(), extra=("--hdlc", "0"))
        self.state = self.meter.arguments[self.meter.arguments.index("--state") + 1]
        self.wrapper = self.meter.uri
        self.hdlc = next(re.search(r"hdlc\+tcp://[^\"?]+", json.dumps(event))[0] for event in self.meter.of("port")
                         if "hdlc+tcp://" in json.dumps(event))

    def judge(self, address, *words, limit=200.0):
        """Verdicts by id; status 0 or 6 and no other."""
        if self.image:
            words = ("--silence", "600ms", "--timeout", "10s", *words)
        status, out, err = meters.quadrant("conformance", address, "--capabilities", self.model, "--passwords-of", self.state,
                                           *QUICK, *words, limit=limit * (4 if self.image else 1))
        rows = [json.loads(line) for line in out.splitlines()]
        assert status in (0, 6), err
        verdicts = {row["id"]: row for row in rows if row["event"] == "verdict"}
        bad = [row for row in verdicts.values() if row["verdict"] in ("fail", "inconclusive")]
        assert (status == 6) == bool(bad)
        return verdicts


def bad(verdicts):
    return {name: (row["verdict"], row["reason"]) for name, row in verdicts.items()
            if row["verdict"] in ("fail", "inconclusive")}


@pytest.fixture(scope="module")
def folder(request, quadrant, tmp_path_factory):
    kind = meters.Yard
    if request.config.getoption("--meter") == "firmware":
        import board
        kind = board.BoardYard
        if not board.image("st402").exists():
            pytest.fail("the image is not built: make firmware", pytrace=False)
    with kind(quadrant, tmp_path_factory.mktemp("stand")) as yard:
        yield yard


@pytest.fixture(scope="module")
def stand(folder):
    return Stand(folder, "st402")


def registers(stand):
    """All energies of a meter without load: they must stand."""
    with octets.Line(stand.meter.address) as line:
        line.associate(meters.CLIENTS["management"], stand.meter.password("management"))
        return [line.get(3, f"1-0:{c}.8.{e}", 2, meters.CLIENTS["management"]) for c in (1, 2, 3, 4) for e in range(5)]


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_every_purpose(stand, framing):
    if stand.image and framing == "hdlc":
        pytest.skip(OVER_ITS_LINE)
    verdicts = stand.judge(getattr(stand, framing), "--writes", *(OF_THE_IMAGE if stand.image else ()))
    if framing == "hdlc" and bad(verdicts).keys() == {"HDLC_FRAME_P2/2"}:
        # Octets with pauses of 1 ms: a busy machine may make one of them longer than the time-out.
        verdicts.update(stand.judge(stand.hdlc, "--only", "HDLC_FRAME_P2/2"))
    assert not bad(verdicts)
    assert sum(row["verdict"] == "pass" for row in verdicts.values()) >= (140 if framing == "wrapper" else 200)
    assert all(row["reason"] for row in verdicts.values() if row["verdict"] == "not applicable")


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_every_negative_case(stand, framing):
    if stand.image and framing == "hdlc":
        pytest.skip(OVER_ITS_LINE)
    before = registers(stand)
    verdicts = stand.judge(getattr(stand, framing), "--suite", "negative", *(NEGATIVE_OF_THE_IMAGE if stand.image else ()))
    assert not bad(verdicts)
    assert sum(row["verdict"] == "pass" for row in verdicts.values()) >= 300
    assert registers(stand) == before
    assert stand.meter.alive


@pytest.mark.command_only("about the suite and its declarations, not the meter")
@pytest.mark.long
@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_every_purpose_of_the_small_model(folder, framing):
    stand = Stand(folder, "mini")
    assert not bad(stand.judge(getattr(stand, framing), "--writes"))
    stand.meter.kill()


@pytest.mark.command_only("about the suite and its declarations, not the meter")
@pytest.mark.long
@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_what_waits_for_minutes(stand, framing):
    names = "Q_WRP_08" if framing == "wrapper" else "HDLC_FRAME_P3/*"
    assert not bad(stand.judge(getattr(stand, framing), "--long", "--only", names, limit=1500.0))


@pytest.mark.command_only("about the suite and its declarations, not the meter")
@pytest.mark.parametrize("name", list(deviant.DEVIATIONS))
def test_a_deviation_is_seen(stand, name):
    framing, red = deviant.DEVIATIONS[name][:2]
    port = stand.wrapper if framing == "wrapper" else stand.hdlc
    host, number = re.search(r"//([^:]+):(\d+)", port).groups()
    only = red or ",".join(sorted({one for _, names, *_ in (deviant.DEVIATIONS[other] for other in deviant.DEVIATIONS
                                                            if deviant.DEVIATIONS[other][0] == framing)
                                   for one in names.split(",") if one}))
    with deviant.Proxy(name, (host, int(number))) as proxy:
        verdicts = stand.judge(proxy.uri, "--suite", "all", "--writes", "--only", only, "--timeout", "1s")
    assert verdicts.keys() >= set(only.split(","))
    wanted = set(red.split(",")) if red else set()
    assert {one for one, row in verdicts.items() if row["verdict"] in ("fail", "inconclusive")} == wanted


@pytest.mark.command_only("about the suite and its declarations, not the meter")
@pytest.mark.parametrize("name", list(deviant.LIBERTIES))
def test_a_liberty_is_none_of_its_business(stand, name):
    framing, green = deviant.LIBERTIES[name][:2]
    port = stand.wrapper if framing == "wrapper" else stand.hdlc
    host, number = re.search(r"//([^:]+):(\d+)", port).groups()
    with deviant.Proxy(name, (host, int(number))) as proxy:
        verdicts = stand.judge(proxy.uri, "--writes", "--only", green, "--timeout", "1s")
    assert verdicts.keys() == set(green.split(","))
    assert {row["verdict"] for row in verdicts.values()} == {"pass"}, bad(verdicts)


def test_there_are_enough_planted_deviations_and_negative_cases():
    assert len(deviant.DEVIATIONS) >= 22
    status, out, _ = meters.quadrant("conformance", "--list", "--suite", "negative")
    names = [line.split()[0] for line in out.splitlines()]
    assert status == 0 and len(names) == len(set(names)) >= 200


def test_the_report_says_it_all(stand, tmp_path):
    path = tmp_path / "report.md"
    status, out, _ = meters.quadrant("conformance", stand.wrapper, "--passwords-of", stand.state, "--report", path,
                                     "--only", "Q_WRP_01,APPL_IDLE_N1,Q_SEC1_01,Q_HDLC_01", "--silence", "150ms")
    text = path.read_text()
    assert status == 0 and out.splitlines()[-1] == "2 passed, 0 failed, 2 not applicable"
    assert "2 passed, 0 failed, 2 not applicable" in text and "| logical device name | " in text
    assert "not declared: security.suite-1" in text and stand.wrapper in text


@pytest.mark.command_only("a board has no client.yaml with ports")
def test_a_port_of_a_meter_by_its_name(stand):
    only = ("--only", "HDLC_FRAME_P1*,HDLC_ADDRESS_P1*,HDLC_ADDRESS_N4*", *QUICK[:-1])
    for query in ("?port=hdlc", "?port=hdlc&phys=17"):
        status, out, err = meters.quadrant("conformance", f"@{stand.state}{query}", *only)
        assert (status, out.splitlines()[-1]) == (0, "11 passed, 0 failed, 0 not applicable"), err
    # Nobody is at another place of the bus.
    assert meters.quadrant("conformance", f"@{stand.state}?port=hdlc&phys=18", *only)[0] == 3


@pytest.mark.parametrize("query, word", [("client=1", "client="), ("phys=17&window=3", "window="), ("port=none", "none"),
                                         ("phys=x", "phys=x"), ("baud=0", "baud=0"), ("speed=1", "speed=1")])
def test_what_an_address_cannot_say_is_told(stand, query, word):
    status, _, err = meters.quadrant("conformance", f"@{stand.state}?{query}")
    assert status == 2 and word in err, err


@pytest.mark.command_only("about the suite and its declarations, not the meter")
def test_an_empty_answer_is_named(stand):
    with deviant.Proxy("empty-answers", stand.meter.address) as proxy:
        verdicts = stand.judge(proxy.uri, "--only", "Q_AL_22", "--timeout", "1s")
    assert verdicts["Q_AL_22"]["verdict"] == "fail" and verdicts["Q_AL_22"]["reason"].endswith("got an empty one")


def test_no_password_is_shown(stand):
    password = stand.meter.password("management")
    _, _, err = meters.quadrant("conformance", stand.wrapper, "--passwords-of", stand.state, "--only", "Q_AL_13,APPL_OPEN_5", "--trace",
                                "--writes", *QUICK[:-1])
    assert password.hex(" ").upper() not in err and "** ** ** **" in err


def test_a_wrong_password_is_told_as_one(stand):
    status, out, _ = meters.quadrant("conformance", stand.wrapper, "--only", "APPL_DATA_LN_N4/2", *QUICK, password="wrong123")
    verdict = json.loads(out.splitlines()[0])
    assert (status, verdict["verdict"]) == (6, "inconclusive")
    assert verdict["reason"] == "no association: the meter says authentication-failure; is the password right?"


def test_where_no_password_is_none_is_sought(stand, tmp_path):
    for words, wrong in ((("--password-file", tmp_path / "none"), "none"), (("--passwords-of", "@nobody"), "nobody"),
                         (("--passwords-of", "st402"), "@NAME")):
        status, out, err = meters.quadrant("conformance", stand.wrapper, *words)
        assert status in (2, 3) and wrong in err and not out, err


def test_what_is_not_understood_is_usage(stand):
    for words in (("conformance",), ("conformance", "udp://x:1"), ("conformance", stand.wrapper, "--only", "NO_SUCH"),
                  ("conformance", stand.wrapper, "--silly"), ("conformance", stand.wrapper, "--capabilities", "/no/such"),
                  ("conformance", stand.wrapper, "--capabilities", ROOT / "README.md")):
        assert meters.quadrant(*words)[0] == 2, words
    assert meters.quadrant("conformance", "tcp://127.0.0.1:1", "--timeout", "1s")[0] == 3


@pytest.mark.command_only("about the suite and its declarations, not the meter")
@pytest.mark.parametrize("bit, why", [("-1 3", "no such bit"), ("-9223372036854775808 3", "no such bit"),
                                      ("24 3", "no such bit"), ("0 0", "no such bit"), ("0 -1", "no such bit")])
def test_a_bit_that_there_is_not_is_a_fault_of_the_table(stand, tmp_path, bit, why):
    text = (ROOT / "tests" / "conformance" / "st402.cap").read_text().replace("20 FE 5D", f"{{bit {bit}}}")
    path = tmp_path / "odd.cap"
    path.write_text(text)
    status, out, err = meters.quadrant("conformance", stand.wrapper, "--capabilities", path, *QUICK, "--only", "APPL_OPEN_1/1")
    assert status in (2, 6) and why in out + err


@pytest.mark.command_only("about the suite and its declarations, not the meter")
def test_declarations_are_those_of_the_models(tmp_path):
    subprocess.run([ROOT / "scripts" / "capabilities", tmp_path], check=True)
    for model in ("st402", "mini"):
        fresh = (tmp_path / f"capabilities-{model}.md").read_text()
        assert (ROOT / "docs" / f"capabilities-{model}.md").read_text() == fresh, "make capabilities"
        fresh = (tmp_path / f"{model}.cap").read_text()
        assert (ROOT / "tests" / "conformance" / f"{model}.cap").read_text() == fresh, "make capabilities"
