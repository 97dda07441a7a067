"""The faults of the proxy, each seen to bite, with a real redis-server behind it."""

import socket
import time
import unittest

import msgpack
import redis

from redis_proxy import FIRST, RedisProxy
from redis_server import RedisServer

TIMEOUT = 0.1
FIELDS = ("f0", "stamp")


class RedisProxyTest(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(RedisServer())
        with self.server.client() as client:
            for user in range(1, 4):
                client.hset(f"user:{user}", mapping={"f0": user, "stamp": FIRST})
            client.set("card:1", msgpack.packb({"f0": b"\r\n", "stamp": FIRST}))
            client.save()
        self.proxy = self.enterContext(RedisProxy(self.server.port, TIMEOUT))

    def client(self):
        client = redis.Redis(port=self.proxy.port, retry=None, socket_timeout=10, protocol=2)
        self.addCleanup(client.close)
        return client

    def ask(self, client):
        """What a worker asks for in a trip: three users, two cards of which one is absent."""
        pipeline = client.pipeline(transaction=False)
        for user in range(1, 4):
            pipeline.hmget(f"user:{user}", FIELDS)
        pipeline.mget("card:1", "card:2")
        return pipeline.execute(raise_on_error=False)

    def test_answers_have_numbers_and_stand_in_the_log(self):
        *users, (card, nothing) = self.ask(self.client())
        self.assertEqual(users, [[b"%d" % user, b"%d" % (FIRST + user - 1)]
                                 for user in range(1, 4)])
        self.assertEqual(msgpack.unpackb(card), {"f0": b"\r\n", "stamp": FIRST + 3})
        self.assertIsNone(nothing)
        log = self.proxy.end()
        self.assertEqual([answer[:2] for answer in log.answers],
                         [(b"user:1", True), (b"user:2", True), (b"user:3", True),
                          (b"card:1", True), (b"card:2", False)])
        trip, = [trip for connection in log.connections for trip in connection.trips]
        self.assertLessEqual(trip.since, trip.asked)
        self.assertLessEqual(trip.asked, trip.answered)
        self.assertIsNone(trip.fault)

    def test_late_is_past_the_time_out(self):
        client = self.client()
        client.ping()
        self.proxy.set("late")
        began = time.monotonic()
        self.assertEqual(len(self.ask(client)), 4)
        self.assertGreater(time.monotonic() - began, TIMEOUT)

    def test_truncated_is_no_whole_answer(self):
        self.proxy.set("truncated")
        client = self.client()
        client.connection_pool.connection_kwargs["socket_timeout"] = 0.5
        with self.assertRaises((redis.ConnectionError, redis.TimeoutError)):
            self.ask(client)

    def test_refusals_stand_in_place_of_every_answer(self):
        for fault in ("loading", "readonly", "noauth"):
            self.proxy.set(fault)
            with socket.create_connection(("127.0.0.1", self.proxy.port)) as line:
                line.sendall(b"*3\r\n$5\r\nHMGET\r\n$6\r\nuser:1\r\n$5\r\nstamp\r\n" * 3)
                text = b""
                while text.count(b"\r\n") < 3:
                    text += line.recv(1000)
            self.assertEqual(text.count(b"-" + fault.upper().encode()), 3)

    def test_wrongtype_is_of_every_third_user(self):
        self.proxy.set("wrongtype")
        *users, cards = self.ask(self.client())
        self.assertEqual([isinstance(user, redis.ResponseError) for user in users],
                         [False, False, True])
        self.assertEqual(len(cards), 2)

    def test_a_fault_ends(self):
        self.proxy.set("loading")
        self.proxy.set(None)
        self.assertEqual(len(self.ask(self.client())), 4)
        (fault, began, ended), = self.proxy.end().faults
        self.assertEqual(fault, "loading")
        self.assertLessEqual(began, ended)

    def test_a_redis_that_is_killed_closes_lines_and_comes_back_with_its_data(self):
        client = self.client()
        before = self.ask(client)
        self.server.kill()
        with self.assertRaises(redis.ConnectionError):
            client.ping()
        self.server.start()
        after = self.ask(self.client())
        self.assertEqual([user[0] for user in after[:3]], [user[0] for user in before[:3]])
        log = self.proxy.end()
        self.assertEqual(log.connections[0].closer, "redis")


if __name__ == "__main__":
    unittest.main()
