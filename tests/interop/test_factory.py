# SPDX-License-Identifier: Apache-2.0
"""Serial number and logical device name: written once while the factory is open, then sealed for good."""

import meter as meters
import octets
import pytest

SAP = meters.CLIENTS
M = SAP["management"]
SERIAL, LDN = b"12345678", b"QDT0000012345678"


@pytest.fixture(scope="module")
def factory(yard, gate):
    name = f"factory-{gate}"
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate, extra=["--factory"])
    return name, meter


def manager(meter):
    line = octets.Line(meter.address)
    line.associate(M, meter.password("management"))
    return line


def test_the_way_through_the_factory(yard, gate, factory):
    name, meter = factory
    with manager(meter) as line:
        for text in (b"", b"x" * 33):
            assert line.set(1, "0-0:96.1.0", 2, octets.string(text), M) == 250
        for text in (b"QDT000001234567", b"QDT00000123456789", b"12T0000012345678", b"QDT\x0000012345678"):
            assert line.set(1, "0-0:42.0.0", 2, octets.string(text), M) == 250, text
        assert line.set(1, "0-0:96.1.0", 2, octets.string(SERIAL), M) == 0
        assert line.set(1, "0-0:42.0.0", 2, octets.string(LDN), M) == 0
        assert line.get(1, "0-0:42.0.0", 2, M) == (0, (9, LDN))
        assert line.set(1, "0-0:96.1.0", 2, octets.string(b"87654321"), M) in (3, 250), "written once"
        assert line.set(1, "0-0:42.0.0", 2, octets.string(b"QDT0000087654321"), M) in (3, 250), "written once"
    meter.seal()
    with manager(meter) as line:
        assert line.get(1, "0-0:96.1.0", 2, M) == (0, (9, SERIAL))
        assert line.set(1, "0-0:96.1.0", 2, octets.string(b"87654321"), M) in (3, 250)
    assert meter.interrupt() == 0
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    with manager(meter) as line:
        assert line.get(1, "0-0:96.1.0", 2, M) == (0, (9, SERIAL))
        assert line.get(1, "0-0:42.0.0", 2, M) == (0, (9, LDN))
        assert line.get(17, "0-0:41.0.0", 2, M) == (0, (1, [(2, [(18, 1), (9, LDN)])]))
        assert line.set(1, "0-0:42.0.0", 2, octets.string(b"QDT0000087654321"), M) in (3, 250)
    assert meter.interrupt() == 0


@pytest.mark.command_only("an image has no starter that it could refuse")
def test_a_sealed_meter_stays_sealed_whatever_its_starter_says(yard, gate, factory):
    name, _ = factory
    again = yard.start(name=name, load=meters.zero_load(), gate=gate, extra=["--factory"], ready=False)
    assert again.wait(10) == 2
    assert "sealed" in again.stderr()


def test_a_meter_out_of_the_factory_takes_no_identity(site):
    with site.line("management") as line:
        for name, text in (("0-0:96.1.0", SERIAL), ("0-0:42.0.0", LDN)):
            before = line.get(1, name, 2, M)
            assert line.set(1, name, 2, octets.string(text), M) in (3, 250)
            assert line.get(1, name, 2, M) == before
