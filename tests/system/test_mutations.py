# SPDX-License-Identifier: Apache-2.0
"""Requests that no client sends, by the thousand, against a running meter. It lives, answers, and no register moves."""

import meter as meters
import model
import mutation
import octets
import pytest

M = meters.CLIENTS["management"]
PROBE = octets.get(1, "0-0:42.0.0", 2, invoke=0x4E)
ANSWER = b"\xc4\x01\x4e\x00"


def registers(address, password):
    with octets.Line(address) as line:
        line.associate(M, password)
        values = {name: line.get(3, name, 2, M) for name in model.energies()}
    assert all(result == 0 for result, _ in values.values())
    return values


def storm(meter, seed, count):
    """Sends them all; gives how often each kind of answer came."""
    address, password = meter.address, meter.password("management")
    public = meters.CLIENTS["public"]
    seen = {}
    line = None
    for number, (frame, honest) in enumerate(mutation.requests(seed, count, password)):
        try:
            if line is None:
                line = octets.Line(address)
                line.associate(M, password)
                line.associate(public)
            # The probe of the other client follows at once: an honest header keeps the stream in step.
            line.send(frame + octets.frame(PROBE, public))
            while True:
                source, destination, apdu = line.receive(4.0 if honest else 0.06)
                seen[apdu[:1].hex()] = seen.get(apdu[:1].hex(), 0) + 1
                if destination == public and apdu[:4] == ANSWER:
                    break
                assert source == 1
        except (octets.Silent, octets.Closed, octets.Malformed) as trouble:
            line.close()
            line = None
            assert not honest, f"number {number} of seed {seed}: {frame.hex()}: {trouble!r}"
        assert meter.alive, f"died of number {number} of seed {seed}: {frame.hex()}\n{meter.stderr()}"
    if line:
        line.close()
    with octets.Line(address) as good:
        good.associate()
        assert good.ask(PROBE)[:4] == ANSWER
    return seen


@pytest.mark.parametrize(("seed", "count"), [(1, 1000), pytest.param(2, 10000, marks=pytest.mark.long)])
def test_bent_requests(quadrant, tmp_path, seed, count):
    with meters.Yard(quadrant, tmp_path) as yard:
        yard.through("1h", load=meters.constant_load(230, 16, 1200, 500))
        meter = yard.start(load=meters.zero_load())
        before = registers(meter.address, meter.password("management"))
        assert len({octets_of for _, octets_of in before.values()}) > 2, "registers that could fall must have counted"
        seen = storm(meter, seed, count)
        assert seen.get("c4", 0) >= count * 0.8 and seen.get("d8", 0) > 0
        assert registers(meter.address, meter.password("management")) == before
        assert meter.interrupt() == 0


def test_connections_that_hang_do_not_hold_the_meter(run):
    """Half a header, half a body, nothing at all: the others are served."""
    meter = run(load=meters.zero_load())
    whole = octets.frame(octets.aarq())
    lines = []
    try:
        for cut in (0, 3, 8, 12):
            line = octets.Line(meter.address)
            line.send(whole[:cut] or b"")
            lines.append(line)
            try:
                with octets.Line(meter.address) as good:
                    good.associate()
                    assert good.ask(PROBE)[:4] == ANSWER
            except (octets.Closed, octets.Silent):
                break  # no channel is left: that must be true only when more are held than the meter has
        assert len(lines) >= 4  # the meter has four channels: beside three that hang the fourth is served
    finally:
        for line in lines:
            line.close()
    for _ in range(50):
        try:
            with octets.Line(meter.address) as good:
                good.associate()
                assert good.ask(PROBE)[:4] == ANSWER
            break
        except (octets.Closed, octets.Silent):
            continue
    else:
        raise AssertionError("no channel came back")


def test_a_client_that_does_not_read(run):
    """Requests without taking the answers: the meter stays within its memory and goes on."""
    meter = run(load=meters.zero_load())
    line = octets.Line(meter.address)
    line.associate()
    line.socket.settimeout(0.3)
    many = octets.frame(PROBE) * 2000
    try:
        for _ in range(20):
            line.socket.sendall(many)
    except (TimeoutError, OSError):
        pass
    with octets.Line(meter.address) as good:
        good.associate()
        assert good.ask(PROBE)[:4] == ANSWER
    line.close()
    assert meter.interrupt() == 0
