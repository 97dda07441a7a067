"""Forty ways in which an event cannot be scored, and what the dead letter must say."""

import msgpack

PACK = msgpack.Packer()
VALID = msgpack.packb({"n": 7, "user": "u1", "amount": 1.5})
DEPTH = 100_000

TRUNCATED = {"E_TRUNCATED"}
TRAILING = {"E_TRAILING"}
FORMAT = {"E_FORMAT"}
UTF8 = {"E_UTF8"}
TYPE = {"E_TYPE"}
DEEP = {"E_DEPTH"}
NOT_A_MAP = {"E_TYPE", "E_FORMAT"}
OVERCOUNT = {"E_COUNT", "E_TRUNCATED"}


def with_value(value, key=b"\xa5extra"):
    """A valid map, but for the bytes of one value, which nobody asked for, or of its key."""
    return b"\x82\xa4user\xa2u1" + key + value


def cut(share):
    return VALID[:int(len(VALID) * share)]


def without(**fields):
    return msgpack.packb({"n": 7, "user": "u1", "amount": 1.5, **fields})


# name, payload, stage, the codes that fit
KINDS = [
    ("empty", b"", "decode", TRUNCATED),
    ("one byte", VALID[:1], "decode", OVERCOUNT),
    ("a quarter", cut(0.25), "decode", TRUNCATED),
    ("half", cut(0.5), "decode", TRUNCATED),
    ("three quarters", cut(0.75), "decode", TRUNCATED),
    ("all but a byte", VALID[:-1], "decode", TRUNCATED),
    ("a trailing nil", VALID + b"\xc0", "decode", TRAILING),
    ("a trailing map", VALID + VALID, "decode", TRAILING),
    ("a trailing 0xc1", VALID + b"\xc1", "decode", TRAILING),
    ("nil at the top", b"\xc0", "decode", NOT_A_MAP),
    ("an integer at the top", b"\x07", "decode", NOT_A_MAP),
    ("an array at the top", b"\x92\x01\x02", "decode", NOT_A_MAP),
    ("text at the top", b"\xa3abc", "decode", NOT_A_MAP),
    ("bytes at the top", b"\xc4\x02ab", "decode", NOT_A_MAP),
    ("a float at the top", msgpack.packb(1.5), "decode", NOT_A_MAP),
    ("a boolean at the top", b"\xc3", "decode", NOT_A_MAP),
    ("JSON", b'{"user":"u1","amount":1.5}', "decode", NOT_A_MAP | TRAILING),
    ("0xc1", b"\xc1", "decode", FORMAT),
    ("0xc1 as a value", with_value(b"\xc1"), "decode", FORMAT),
    ("0xc1 as a key", with_value(b"\x01", key=b"\xc1"), "decode", FORMAT),
    ("an array of 2^32-1", with_value(b"\xdd\xff\xff\xff\xff"), "decode", OVERCOUNT),
    ("a map of 2^32-1", with_value(b"\xdf\xff\xff\xff\xff"), "decode", OVERCOUNT),
    ("text of 2^32-1", with_value(b"\xdb\xff\xff\xff\xff"), "decode", OVERCOUNT),
    ("bytes of 2^32-1", with_value(b"\xc6\xff\xff\xff\xff"), "decode", OVERCOUNT),
    ("an ext of 2^32-1", with_value(b"\xc9\xff\xff\xff\xff\x01"), "decode", OVERCOUNT),
    ("2^32-1 fields", b"\xdf\xff\xff\xff\xff" + VALID[1:], "decode", OVERCOUNT),
    ("arrays 100,000 deep", with_value(b"\x91" * DEPTH + b"\x01"), "decode", DEEP),
    ("maps 100,000 deep", with_value(b"\x81\x01" * DEPTH + b"\x01"), "decode", DEEP),
    ("endless arrays", b"\x81\x01" + b"\x91" * DEPTH, "decode", DEEP),
    ("invalid UTF-8 in a key", with_value(b"\x01", key=b"\xa2\xff\xfe"), "decode", UTF8),
    ("invalid UTF-8 in a value", with_value(b"\xa2\xc3\x28"), "decode", UTF8),
    ("overlong UTF-8", with_value(b"\xa2\xc0\x80"), "decode", UTF8),
    ("a surrogate in UTF-8", with_value(b"\xa3\xed\xa0\x80"), "decode", UTF8),
    ("msgpackr's records", with_value(b"\xd4\x72\x40"), "decode", FORMAT | TYPE),
    ("an unknown ext", with_value(b"\xd4\x05\x00"), "decode", FORMAT | TYPE),
    ("a timestamp of 2^30-1 ns", with_value(b"\xd7\xff" + b"\xff" * 8), "decode",
     FORMAT | TYPE | {"E_RANGE"}),
    ("a timestamp of one byte", with_value(b"\xd4\xff\x00"), "decode", FORMAT | TYPE),
    ("text for a number", without(amount="12.5"), "decode", TYPE),
    ("a map for a number", without(amount={"value": 12.5}), "decode", TYPE),
    ("a float in a key", without(user=1.25), "features", TYPE),
]
assert len(KINDS) == 40
