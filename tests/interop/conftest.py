# SPDX-License-Identifier: Apache-2.0
"""Meters that the interop tests read: one at real speed with a constant load, shared by a module."""

import contextlib
import time

import meter as meters
import octets
import peer
import pytest

# 3 x 230 V, 5 A: 1150 VA in each phase, of them 1104 W and 322 var.
STEADY = meters.constant_load(230, 5, 1104, 322)


class Site:
    """A running meter and its clients."""

    def __init__(self, meter):
        self.meter = meter
        self.clients = meter.clients()
        self.settle()

    def settle(self):
        """Waits until the first second is measured: before it there are no values to read."""
        sap = meters.CLIENTS["level1"]
        until = time.monotonic() + 5.0
        with self.line("level1") as line:
            while line.get(3, "1-0:14.7.0", 2, sap)[0] != 0:
                assert time.monotonic() < until, "nothing was measured"
                time.sleep(0.05)

    def peer(self, name="public", **options):
        """Gurux as one of the meter's clients; use it in a with statement."""
        return peer.Peer(self.meter.address, meters.CLIENTS[name], options.pop("password", self.password(name)), **options)

    def password(self, name):
        return self.clients[name].get("password") if name in self.clients else None

    @contextlib.contextmanager
    def line(self, name=None, **options):
        """Octets by hand; associated when a name is given."""
        with octets.Line(self.meter.address) as line:
            if name:
                line.associate(meters.CLIENTS[name], self.password(name), **options)
            yield line


@pytest.fixture(scope="module")
def site(yard, gate):
    return Site(yard.start(name=f"steady-{gate}", load=STEADY, gate=gate))


@pytest.fixture(scope="module")
def still(yard, gate):
    """A meter without load: its registers stand."""
    return Site(yard.start(name=f"still-{gate}", load=meters.zero_load(), gate=gate))
