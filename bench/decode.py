"""bench/run decode: nanoseconds per event from msgpack to a row of float32.

Both sides are processes that decode the same events, 256 at a time, and note where the
transaction's id stands; what they make of them is compared before anything is timed. Sides
take turns; figures are medians."""

import argparse
import os
import struct

import numpy as np

import outcome
import stream
from side import Side, measure, print_table

DECODER = "build/release/bench/decoder"
PAYLOADS = "build/bench/payloads"
EVENTS = 16384
BATCH = 256
WANTED = 6

SIDES = {"leat": "leat_decoder_run over a batch of 256; build/release",
         "msgpack_c": "Debian's msgpack-c: msgpack_unpack_next, a hash table of keys"}


def parse():
    parser = argparse.ArgumentParser(prog="bench/run decode")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--report")
    return parser.parse_args()


def write_payloads():
    """The mean size of an event."""
    os.makedirs(os.path.dirname(PAYLOADS), exist_ok=True)
    with open(PAYLOADS, "wb") as file:
        for _, payload in stream.records(EVENTS):
            file.write(struct.pack("=I", len(payload)) + payload)
        return file.tell() / EVENTS - 4


def compare(sides):
    drawn = stream.columns(EVENTS, seed=1)
    wanted = np.column_stack(list(drawn.values())).astype(np.float32)
    for side in sides:
        if (side.outputs() != wanted.ravel()).any():
            raise SystemExit(f"{side.name} makes something else of the events")


def main():
    options = parse()
    size = write_payloads()
    sides = [Side(name, [DECODER, name, PAYLOADS, "transaction_id", *stream.FEATURES])
             for name in SIDES]
    compare(sides)
    ns = {name: costs[BATCH]
          for name, costs in measure(sides, [BATCH], options.runs).items()}
    print_table("decode", ["ns"], {name: {"ns": cost} for name, cost in ns.items()})
    ratio = round(ns["msgpack_c"] / ns["leat"], 2)
    figures = {"event_bytes": round(size, 1), "fields": len(stream.FEATURES) + 2,
               **{f"{name}_ns_per_event": cost for name, cost in ns.items()}}
    outcome.finish({"name": "decode", "ratios": {"msgpack_c": ratio}, "figures": figures,
                    "runs": options.runs, "sides": SIDES},
                   [("msgpack_c", ratio, ratio >= WANTED, f">= {WANTED}")], options.report)


if __name__ == "__main__":
    main()
