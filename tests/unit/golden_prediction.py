"""Prints the golden vectors of test_encode.c, test_encode_ranking.c and test_encode_features.c, as python-msgpack packs
them: python3 tests/unit/golden_prediction.py (needs msgpack >= 1.0)."""

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


def features(amount):
    """Of one row; a float32 is packed as one, all others by their Python type."""
    return pack_map(
        [
            ("amount", single(amount)),
            ("rate", pack(0.1)),
            ("hour", single(None)),
            ("count", pack(2**53 + 1)),
            ("low", pack(-(2**31))),
            ("online", pack(True)),
            ("country", pack("DE")),
            ("raw", pack(b"\xff\x00")),
            ("none", pack(None)),
            ("big", pack(-(2**63))),
            ("empty", pack("")),
            ("items", pack([7, -1, 0])),
        ]
    )


def envelope():
    return [
        ("id", pack("eu-transactions/3/5000000000")),
        ("version", pack("0123456789ab")),
        ("time", pack(msgpack.Timestamp(1700000000, 123000000))),
        ("quality", pack("defaulted")),
        ("missing", pack(["hour", "none"])),
    ]


show("golden_features", pack_map([*envelope(), ("features", features(12.5))]))
show(
    "golden_rows",
    pack_map(
        [
            *envelope(),
            ("items", pack(["a-1", None])),
            ("rows", msgpack.Packer().pack_array_header(2) + features(12.5) + features(-0.5)),
        ]
    ),
)
show(
    "golden_no_rows",
    pack_map([*envelope()[:3], ("quality", pack("complete")), ("items", pack([])),
              ("rows", pack([]))]),
)


def ranking(*ranked):
    packed = msgpack.Packer().pack_array_header(len(ranked))
    for item, score in ranked:
        packed += pack_map([("item", pack(item)), ("score", single(score))])
    return packed


def ranked_prediction(ranked, *worth):
    return pack_map(
        [
            ("id", pack("eu-views/3/5000000000")),
            ("model", pack("ranker")),
            ("version", pack("0123456789ab")),
            ("ranking", ranked),
            ("time", pack(msgpack.Timestamp(1700000000, 123000000))),
            *worth,
            ("event", pack({"user": "u1"})),
        ]
    )


show(
    "golden_ranking",
    ranked_prediction(ranking((256, 0.97), ("a", 0.25), ([1, 2], 0.25)),
                      ("quality", pack("defaulted")), ("missing", pack(["price"]))),
)
show("golden_empty_ranking", ranked_prediction(ranking(), ("quality", pack("complete"))))
