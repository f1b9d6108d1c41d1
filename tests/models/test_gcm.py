# SPDX-License-Identifier: Apache-2.0
"""AES-GCM of the firmware against OpenSSL, both ways, with every implementation that this processor has."""

import os
import pathlib
import random
import subprocess

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENGINES = ["best", "big", "ct", "ct-ctmul32", "ct64", "ni-ctmul64", "ct64-pclmul"]
COUNT = 400


def program():
    build = pathlib.Path(os.environ.get("QD_BUILD", "build/host"))
    build = build if build.is_absolute() else ROOT / build
    return build / "bin" / "vectors_gcm"


def cases(seed):
    """(key, nonce, additional data, text, size of the tag): short ones, block edges, and beyond the firmware's buffer."""
    dice = random.Random(seed)
    for _ in range(COUNT):
        length = dice.choice([dice.randrange(70), 16 * dice.randrange(45) + dice.randrange(-1, 2), dice.randrange(1100)])
        aad = dice.choice([0, dice.randrange(1, 50), dice.randrange(300, 400)])
        yield (dice.randbytes(dice.choice([16, 32])), dice.randbytes(12), dice.randbytes(aad), dice.randbytes(max(length, 0)),
               dice.choice([4, 8, 12, 13, 14, 15, 16]))


def seal(key, nonce, aad, text, size):
    encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    return encryptor.update(text) + encryptor.finalize(), encryptor.tag[:size]


def unseal(key, nonce, aad, text, tag):
    decryptor = Cipher(algorithms.AES(key), modes.GCM(nonce, tag, min_tag_length=4)).decryptor()
    decryptor.authenticate_additional_data(aad)
    return decryptor.update(text) + decryptor.finalize()


def spell(octets):
    return octets.hex() or "-"


def parse(word):
    return b"" if word == "-" else bytes.fromhex(word)


def ask(engine, lines):
    assert program().exists(), f"{program()} is not built"
    done = subprocess.run([program(), engine], input="".join(f"{line}\n" for line in lines), capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode == 3:
        pytest.skip(f"this processor does not have {engine}")
    assert done.returncode == 0, done.stdout[-200:] + done.stderr
    answers = done.stdout.split("\n")[:-1]
    assert len(answers) == len(lines)
    return answers


@pytest.mark.parametrize("engine", ENGINES)
def test_openssl_opens_what_the_firmware_seals(engine):
    told = list(cases(1))
    answers = ask(engine, [f"seal {spell(k)} {spell(n)} {spell(a)} {spell(t)} {size}" for k, n, a, t, size in told])
    for (key, nonce, aad, text, size), answer in zip(told, answers, strict=True):
        sealed, tag = map(parse, answer.split())
        assert (sealed, tag) == seal(key, nonce, aad, text, size)
        assert unseal(key, nonce, aad, sealed, tag) == text


@pytest.mark.parametrize("engine", ENGINES)
def test_the_firmware_opens_what_openssl_seals(engine):
    told = list(cases(2))
    lines = []
    for key, nonce, aad, text, size in told:
        sealed, tag = seal(key, nonce, aad, text, size)
        lines.append(f"open {spell(key)} {spell(nonce)} {spell(aad)} {spell(sealed)} {tag.hex()}")
    assert [parse(answer) for answer in ask(engine, lines)] == [text for _, _, _, text, _ in told]


@pytest.mark.parametrize("engine", ENGINES)
def test_both_refuse_what_was_touched(engine):
    dice = random.Random(3)
    lines = []
    for key, nonce, aad, text, size in cases(4):
        sealed, tag = seal(key, nonce, aad, text, size)
        parts = [bytearray(part) for part in (nonce, aad, sealed, tag)]
        part = dice.choice([part for part in parts if part])
        part[dice.randrange(len(part))] ^= 1 << dice.randrange(8)
        with pytest.raises(InvalidTag):
            unseal(key, *map(bytes, parts))
        lines.append(f"open {spell(key)} " + " ".join(map(spell, parts)))
    assert set(ask(engine, lines)) == {"corrupt"}
