"""Writes features with Feast, reads them with Feast and with Leat, and compares: cells are
values and times, `values` those that are not null. Called by tests/conformance/feast."""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import datetime, timezone

import msgpack
import numpy as np
import pandas as pd
import redis
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.infra.online_stores.redis import RedisOnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.types import (Array, Bool, Bytes, Float32, Float64, Int32, Int64, String,
                         UnixTimestamp)

PROJECT = "my_project"
VIEW = "every_type"
ROWS = 400
SCALARS = {"int32": Int32, "int64": Int64, "float": Float32, "double": Float64, "bool": Bool,
           "string": String, "bytes": Bytes, "time": UnixTimestamp}
TYPES = {**SCALARS, **{f"{name}_list": Array(kind) for name, kind in SCALARS.items()}}
WRITTEN = datetime(2024, 2, 29, 12, 34, 56, 789000, tzinfo=timezone.utc)

# Kinds of entities: join keys with their types. What stands behind them is the value of row
# i in the frame that Feast gets, and the value in the event.
def time_of(i):
    return pd.Timestamp(1_700_000_000 + i, unit="s", tz="UTC")


JOINS = {
    "user": (ValueType.INT64, lambda i: i * 7919 - 1000, lambda i: i * 7919 - 1000, None),
    "name": (ValueType.STRING, lambda i: f"näme {i}", lambda i: f"näme {i}", None),
    "small": (ValueType.INT32, lambda i: i - 200, lambda i: i - 200, "int32"),
    "raw": (ValueType.BYTES, lambda i: bytes([i % 256, 0, i // 256]),
            lambda i: bytes([i % 256, 0, i // 256]), None),
    "since": (ValueType.UNIX_TIMESTAMP, time_of,
              lambda i: msgpack.Timestamp(1_700_000_000 + i), None),
}
ENTITIES = [("user",), ("name",), ("small",), ("raw",), ("since",), ("user", "name"),
            ("raw", "small", "user", "name")]

EDGES = {"int32": (-2**31, 2**31 - 1, 0), "int64": (-2**63, 2**63 - 1, 0),
         "float": (float("inf"), -0.0, float(np.float32(3e38))),
         "double": (float("-inf"), -0.0, 5e-324), "string": ("", "x", "\0")}


class Redis:
    """A server of our own, in a folder of its own."""

    def __init__(self, folder):
        self.socket = os.path.join(folder, "socket")
        self.port = 20000 + os.getpid() % 20000
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket",
             self.socket, "--dir", folder, "--save", ""], stdout=subprocess.DEVNULL)
        self.client = redis.Redis(unix_socket_path=self.socket)
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                if self.process.poll() is not None:
                    sys.exit("redis-server does not start")
                time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()


def scalar(rng, name):
    edge = rng.random() < 0.1
    if edge and name in EDGES:
        return EDGES[name][int(rng.integers(3))]
    if name == "int32":
        return int(rng.integers(-99, 99))
    if name == "int64":
        return int(rng.integers(-10**15, 10**15))
    if name == "float":
        return float(np.float32(rng.normal()))
    if name == "double":
        return float(rng.normal())
    if name == "bool":
        return bool(rng.integers(2))
    if name == "string":
        return "é" * int(rng.integers(1, 300))
    if name == "bytes":
        return rng.bytes(int(rng.integers(1, 40)))
    return pd.Timestamp(int(rng.integers(0, 2_000_000_000)), unit="s", tz="UTC")


def value_of(rng, name):
    # (Feast makes floats of a column of integers with gaps, which hold no 2^63 - 1.)
    if rng.random() < 0.1 and name != "int64":
        return None
    base = name.removesuffix("_list")
    if base == name:
        return scalar(rng, name)
    return [scalar(rng, base) for _ in range(int(rng.integers(1, 20)))]


def frame_of(rng, joins):
    columns = {join: [JOINS[join][1](i) for i in range(ROWS)] for join in joins}
    for name in TYPES:
        columns[name] = pd.Series([value_of(rng, name) for _ in range(ROWS)], dtype=object)
    frame = pd.DataFrame(columns)
    frame["event_timestamp"] = WRITTEN
    return frame


def open_store(folder, server, joins):
    """A feature store whose one view has these join keys."""
    source = FileSource(path=os.path.join(folder, "none.parquet"),
                        timestamp_field="event_timestamp")
    entities = [Entity(name=f"e_{join}", join_keys=[join], value_type=JOINS[join][0])
                for join in joins]
    view = FeatureView(name=VIEW, entities=entities, source=source, ttl=None, online=True,
                       schema=[Field(name=name, dtype=kind) for name, kind in TYPES.items()])
    store = FeatureStore(config=RepoConfig(
        project=PROJECT, provider="local", entity_key_serialization_version=3,
        registry=os.path.join(folder, "-".join(joins) + ".db"),
        online_store={"type": "redis", "connection_string": f"localhost:{server.port}"},
        offline_store={"type": "dask"}))
    pd.DataFrame({"event_timestamp": []}).to_parquet(os.path.join(folder, "none.parquet"))
    store.apply([*entities, view])
    return store


def plain(value):
    """Feast's Value as what msgpack would give."""
    kind = value.WhichOneof("val")
    if kind in (None, "null_val"):
        return None
    found = getattr(value, kind)
    return list(found.val) if kind.endswith("_list_val") else found


def read_by_feast(store, joins):
    """[rows][fields], as the online store itself has them, and when they were written."""
    view = store.get_feature_view(VIEW)
    keys = [entity_key(joins, i) for i in range(ROWS)]
    read = RedisOnlineStore().online_read(store.config, view, keys, list(TYPES))
    return [[plain(values[name]) for name in TYPES] for _, values in read], \
           [at for at, _ in read]


def entity_key(joins, i):
    key = EntityKey(join_keys=list(joins))
    for join in joins:
        value = key.entity_values.add()
        kind, _, event, _ = JOINS[join]
        if kind == ValueType.UNIX_TIMESTAMP:
            value.unix_timestamp_val = event(i).seconds
        else:
            setattr(value, f"{kind.name.lower()}_val", event(i))
    return key


def read_by_leat(driver, server, joins, version=3):
    names = sorted(joins)
    events = b"".join(msgpack.packb([JOINS[join][2](i) for join in names])
                      for i in range(ROWS))
    types = ",".join(f"{join}={JOINS[join][3]}" if JOINS[join][3] else join for join in names)
    result = subprocess.run([driver, server.socket, PROJECT, str(version), VIEW, types,
                             ",".join(TYPES)], input=events, stdout=subprocess.PIPE, check=True)
    return list(msgpack.Unpacker(io.BytesIO(result.stdout)))


def bits(value):
    """So that -0.0 is not 0.0, and 1 is not True."""
    if isinstance(value, list):
        return [bits(element) for element in value]
    if isinstance(value, float):
        return np.float64(value).tobytes()
    return (type(value).__name__, value)


def compare(joins, leat, feast, times, complaints):
    cells = values = different = 0
    for i, (row, expected, at) in enumerate(zip(leat, feast, times, strict=True)):
        if isinstance(row, str):
            complaints.append(f"{joins} row {i}: {row}")
            cells += len(expected) + 1
            different += len(expected) + 1
            continue
        for name, found, wanted in zip([*TYPES, "_ts"], row, [*expected, at], strict=True):
            cells += 1
            values += found is not None
            if name == "_ts":
                wanted = msgpack.Timestamp.from_datetime(wanted.astimezone(timezone.utc)
                                                         if wanted.tzinfo else
                                                         wanted.replace(tzinfo=timezone.utc))
                same = found == wanted
            else:
                same = bits(found) == bits(wanted)
            if not same:
                different += 1
                complaints.append(f"{joins} row {i} {name}: {found!r}, not {wanted!r}")
    return cells, values, different


def rewrite_as_version_2(server, joins):
    """What a store with serialization version 2 has, which today's Feast writes no more: the
    same values under keys that Feast's own function makes."""
    for i in range(ROWS):
        old = serialize_entity_key(entity_key(joins, i), 3) + PROJECT.encode()
        new = serialize_entity_key(entity_key(joins, i), 2) + PROJECT.encode()
        server.client.rename(old, new)


def plant(server, joins):
    """Changes the last byte of every value of an entity."""
    key = serialize_entity_key(entity_key(joins, 5), 3) + PROJECT.encode()
    for field, value in server.client.hgetall(key).items():
        server.client.hset(key, field, value[:-1] + bytes([value[-1] ^ 1]) if value else b"")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--report", metavar="FILE")
    parser.add_argument("--plant", action="store_true")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", "Serialization of entity key with version < 3")
    rng = np.random.default_rng(1)
    verdict = {"cells": 0, "values": 0, "different": 0, "types": len(TYPES), "entities": {}}
    complaints = []
    with tempfile.TemporaryDirectory(prefix="leat-feast-") as folder:
        server = Redis(folder)
        try:
            for joins in ENTITIES:
                server.client.flushall()
                store = open_store(folder, server, joins)
                store.write_to_online_store(VIEW, frame_of(rng, joins))
                feast, times = read_by_feast(store, joins)
                if arguments.plant:
                    plant(server, joins)
                for version in (3, 2):
                    if version == 2:
                        rewrite_as_version_2(server, joins)
                    leat = read_by_leat(arguments.driver, server, joins, version)
                    cells, values, different = compare(joins, leat, feast, times,
                                                       complaints)
                    verdict["entities"][f"{'+'.join(joins)} v{version}"] = cells
                    verdict["cells"] += cells
                    verdict["values"] += values
                    verdict["different"] += different
        finally:
            server.stop()
    for complaint in complaints[:20]:
        print(complaint)
    print(json.dumps(verdict))
    if arguments.report:
        with open(arguments.report, "w") as file:
            json.dump(verdict, file, indent=2)
            file.write("\n")
    sys.exit(int(bool(verdict["different"]) != arguments.plant))


if __name__ == "__main__":
    main()
