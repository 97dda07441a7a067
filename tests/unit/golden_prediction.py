"""Prints the golden vectors of test_encode.c, as python-msgpack packs them:
python3 tests/unit/golden_prediction.py (needs msgpack >= 1.0)."""

import msgpack


def single(value):
    packer = msgpack.Packer(use_single_float=True)
    return packer.pack(value)


def pack_map(pairs):
    packed = msgpack.Packer().pack_map_header(len(pairs))
    for key, value in pairs:
        packed += msgpack.packb(key) + value
    return packed


def show(name, packed):
    print(f"static const char {name}[] =")
    lines = []
    for at in range(0, len(packed), 18):
        line = "".join(f"\\x{byte:02x}" for byte in packed[at : at + 18])
        lines.append(f'    "{line}"')
    print("\n".join(lines) + ";\n")


pack = msgpack.packb
show(
    "golden_score",
    pack_map(
        [
            ("id", pack("eu-transactions/3/5000000000")),
            ("model", pack("fraud")),
            ("version", pack("0123456789ab")),
            ("score", single(0.97)),
            ("decision", pack("block")),
            ("time", pack(msgpack.Timestamp(1700000000, 123000000))),
            ("quality", pack("defaulted")),
            ("missing", pack(["amount", "avg_30d"])),
            ("event", pack({"transaction_id": "tx-1", "cart": [1, {"a": None}]})),
        ]
    ),
)
show(
    "golden_double",
    pack_map(
        [
            ("id", pack("transactions/3/5000000000")),
            ("model", pack("fraud")),
            ("version", pack("0123456789ab")),
            ("score", pack(0.97)),
            ("time", pack(msgpack.Timestamp(1700000000, 123000000))),
            ("quality", pack("complete")),
        ]
    ),
)
show(
    "golden_scores",
    pack_map(
        [
            ("id", pack("transactions/3/5000000000")),
            ("model", pack("fraud")),
            ("version", pack("0123456789ab")),
            ("scores", single([0.125, 0.5, 0.375])),
            ("label", pack(1)),
            ("time", pack(msgpack.Timestamp(1700000000, 123000000))),
            ("quality", pack("complete")),
        ]
    ),
)
