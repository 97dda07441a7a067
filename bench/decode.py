"""bench/run decode: nanoseconds per event from msgpack or JSON to a row of float32.

All sides are processes that decode the same events, 256 at a time, and note where the
transaction's id stands; what they make of them is compared before anything is timed. Sides
take turns; figures are medians."""

import argparse
import json
import os
import struct

import msgpack
import numpy as np

import outcome
import stream
from side import Side, measure, print_table

DECODER = "build/release/bench/decoder"
EVENTS = 16384
BATCH = 256
WANTED = 6

WRITERS = {"msgpack": msgpack.packb, "json": lambda event: json.dumps(event).encode()}

# How each side is built and set, and what it reads.
SIDES = {"leat": ("leat_decoder_run over a batch of 256; build/release", "msgpack"),
         "msgpack_c": ("Debian's msgpack-c: msgpack_unpack_next, a hash table of keys",
                       "msgpack"),
         "leat_json": ("leat_decoder_run with the format json; build/release", "json"),
         "jansson": ("Debian's jansson: json_loadb, json_object_get", "json")}


def parse():
    parser = argparse.ArgumentParser(prog="bench/run decode")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--report")
    return parser.parse_args()


def payloads(form):
    return f"build/bench/payloads.{form}"


def write_payloads(form):
    """The mean size of an event."""
    os.makedirs("build/bench", exist_ok=True)
    with open(payloads(form), "wb") as file:
        for event in stream.events(EVENTS):
            payload = WRITERS[form](event)
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
    sizes = {form: write_payloads(form) for form in WRITERS}
    sides = [Side(name, [DECODER, name, payloads(form), "transaction_id", *stream.FEATURES])
             for name, (_, form) in SIDES.items()]
    compare(sides)
    ns = {name: costs[BATCH]
          for name, costs in measure(sides, [BATCH], options.runs).items()}
    print_table("decode", ["ns"], {name: {"ns": cost} for name, cost in ns.items()})
    ratios = {"msgpack_c": round(ns["msgpack_c"] / ns["leat"], 2),
              "jansson": round(ns["jansson"] / ns["leat_json"], 2)}
    figures = {"event_bytes": round(sizes["msgpack"], 1),
               "json_event_bytes": round(sizes["json"], 1),
               "fields": len(stream.FEATURES) + 2,
               **{f"{name}_ns_per_event": cost for name, cost in ns.items()}}
    outcome.finish({"name": "decode", "ratios": ratios, "figures": figures,
                    "runs": options.runs,
                    "sides": {name: what for name, (what, _) in SIDES.items()}},
                   [("msgpack_c", ratios["msgpack_c"], ratios["msgpack_c"] >= WANTED,
                     f">= {WANTED}")], options.report)


if __name__ == "__main__":
    main()
