"""What the proof aggregates: told to a worker in YAML, to the reference in its own terms, and what
an event of the topic brings, as docs/configuration.md says it."""

import functools
import math
import struct
from collections import namedtuple

import msgpack

SECOND = 10**9
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
SENTINEL = -7e300  # what through.onnx makes of a missing value
MOST_SECONDS = (2**63 - 1) // SECOND - 1

Window = namedtuple("Window", "name over late values")  # values: {name: (kind, path)}

OF_A_CARD = (
    Window("hour", HOUR, 3 * MINUTE, {
        "count": ("count", None), "sum": ("sum", "amount"), "mean": ("mean", "amount"),
        "min": ("min", "amount"), "max": ("max", "amount"), "std": ("std", "amount"),
        "shops": ("distinct", "shop"), "last": ("last", "amount"),
        "gap": ("since_last", None)}),
    Window("day", DAY, 24 * MINUTE, {
        "count": ("count", None), "sum": ("sum", "amount"), "std": ("std", "amount"),
        "places": ("distinct", "place"), "cents": ("max", "cents")}),
)
OF_A_SHOP = (
    Window("shop", HOUR, 10 * MINUTE, {
        "count": ("count", None), "cents": ("sum", "cents"), "largest": ("max", "cents"),
        "cards": ("distinct", "card")}),
    Window("ever", 120 * DAY, 2 * DAY, {"count": ("count", None), "cents": ("sum", "cents")}),
)
# Of a shared entity, what is the same in whatever order its events met.
IN_ANY_ORDER = ("count", "sum of cents", "min", "max")


class Entity:
    """Aggregates of one entity, whose name is `key` or a field of the event."""

    def __init__(self, name, windows):
        self.name, self.windows = name, windows
        self.is_shared = name != "key"
        self.ahead_ns = min(window.late for window in windows)
        self.values = [(window.name, name, *value) for window in windows
                       for name, value in window.values.items()]
        self.sources = list(dict.fromkeys(
            (path, kind == "distinct") for _, _, kind, path in self.values if path))

    def of_the_reference(self):
        def bucket(window):
            return window.over // 60

        return [(bucket(window), -(-window.late // bucket(window)),
                 [(kind, self.sources.index((path, kind == "distinct")) if path else None, 1)
                  for kind, path in window.values.values()]) for window in self.windows]

    def of_run_state(self):
        lines = []
        for bucket_ns, late, aggregates in self.of_the_reference():
            lines.append(f"window {bucket_ns} {late}")
            lines += [kind if i is None else f"{kind} {i} {n}" for kind, i, n in aggregates]
        return "\n".join(lines) + "\n"

    def is_in_any_order(self, i):
        """Whether the i-th answer is the same in whatever order events met."""
        _, _, kind, path = self.values[i]
        return kind in IN_ANY_ORDER or f"{kind} of {path}" in IN_ANY_ORDER


# By the key of the topic: the card, or something else.
ENTITIES = {"keyed": (Entity("key", OF_A_CARD), Entity("shop", OF_A_SHOP)),
            "shared": (Entity("card", OF_A_CARD), Entity("shop", OF_A_SHOP))}


def columns_of(entities):
    return [f"{window}_{value}" for entity in entities
            for window, value, _, _ in entity.values]


def yaml_of_value(kind, path):
    if kind == "count":
        return "{}"
    return "{since: last}" if kind == "since_last" else f"{{{kind}: event.{path}}}"


def yaml_of(entities):
    """`aggregates` and the features that read them."""
    lines = ["aggregates:"]
    for entity in entities:
        name = entity.name if entity.name == "key" else f"event.{entity.name}"
        for window in entity.windows:
            values = ", ".join(f"{value}: {yaml_of_value(*what)}"
                               for value, what in window.values.items())
            lines.append(f"  {window.name}: {{entity: {name}, over: {window.over // SECOND}s, "
                         f"lateness: {window.late // SECOND}s, keep: 8000h, of: {{{values}}}}}")
    lines.append("features:")
    lines += [f"  {window}_{value}: {{from: {window}.{value}}}" for entity in entities
              for window, value, _, _ in entity.values]
    return "\n".join(lines)


# --- what an event brings --------------------------------------------------------------

MASK = 2**64 - 1


@functools.lru_cache(1 << 20)
def hash_of(value):
    """FNV-1a and splitmix64's mixing over a kind and the bytes."""
    is_text = isinstance(value, (str, bytes))
    data = value.encode() if isinstance(value, str) else value
    if not is_text:
        data = struct.pack("<d", float(value) if value else 0.0)
    mixed = (0xcbf29ce484222325 ^ ord("t" if is_text else "n")) * 0x100000001b3 & MASK
    for byte in data:
        mixed = (mixed ^ byte) * 0x100000001b3 & MASK
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9 & MASK
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb & MASK
    return mixed ^ mixed >> 31


class Refused(Exception):
    """The event becomes a dead letter, and counts nowhere."""


def input_of(value, is_hashed):
    """(number, hash), or None."""
    if value is None:
        return None
    if isinstance(value, (str, bytes)) and is_hashed:
        return math.nan, hash_of(value)
    if not isinstance(value, (int, float)):
        raise Refused
    if math.isnan(value):
        return None
    return float(value), hash_of(value) if is_hashed else 0


def name_of(entity, key, event):
    if entity.name == "key":
        return key
    name = event.get(entity.name)
    if name is not None and not isinstance(name, (str, int)):
        raise Refused
    return name if name is None else str(name).encode()


def time_of(event, timestamp_ms):
    """In nanoseconds; the record's own where the event has none."""
    said = event.get("time")
    if isinstance(said, msgpack.Timestamp):
        seconds, nanoseconds = said.seconds, said.nanoseconds
    elif isinstance(said, int):
        seconds, rest = divmod(said, 1 if abs(said) < 10**11 else 1000)
        nanoseconds = rest * 10**6
    else:
        return timestamp_ms * 10**6
    return max(-MOST_SECONDS, min(MOST_SECONDS, seconds)) * SECOND + nanoseconds


def unpack(value):
    try:
        event = msgpack.unpackb(value, strict_map_key=False)
    except (ValueError, msgpack.exceptions.UnpackException):
        raise Refused from None
    if not isinstance(event, dict):
        raise Refused
    return event


def read_event(entities, key, value, timestamp_ms):
    """Of each entity its name, or None; when the event counts as having happened; its inputs."""
    event = unpack(value)
    when = time_of(event, timestamp_ms)
    return [(name_of(entity, key, event),
             min(when, timestamp_ms * 10**6 + entity.ahead_ns),
             [input_of(event.get(path), is_hashed) for path, is_hashed in entity.sources])
            for entity in entities]
