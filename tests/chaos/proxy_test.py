"""The proxy's faults, each seen to bite, with a real broker behind it."""

import os
import threading
import time
import unittest

from kafka import KafkaProducer
from kafka.errors import KafkaError

from bed import Bed, Tail, hang_guard
from proxy import Proxy


class ProxyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bed = Bed()

    def setUp(self):
        self.topic = f"{self._testMethodName}-{time.time_ns()}"
        self.bed.create_topics(self.topic)
        self.proxy = self.enterContext(Proxy())

    def producer(self, **settings):
        settings = {"acks": "all", "linger_ms": 0, "request_timeout_ms": 2000,
                    "delivery_timeout_ms": 4000, "reconnect_backoff_max_ms": 100,
                    **settings}
        producer = KafkaProducer(bootstrap_servers=os.environ["KAFKA_PROXIED"], **settings)
        self.addCleanup(producer.close, 0)
        return producer

    def values(self, **how):
        tail = Tail(self.bed, self.topic, **how)
        values = [record.value for record in tail.read_to(tail.ends())]
        tail.close()
        return values

    def test_all_passes_unharmed(self):
        producer = self.producer()
        sent = [os.urandom(200_000) for _ in range(10)]
        for value in sent:
            producer.send(self.topic, value, partition=0).get(10)
        self.assertEqual(self.values(), sent)

    def test_slices_come_together_again(self):
        self.proxy.slice = 1
        self.producer().send(self.topic, b"x" * 2000).get(30)
        self.assertEqual(self.values(), [b"x" * 2000])

    def test_delay_delays(self):
        producer = self.producer()
        producer.send(self.topic, b"first").get(10)
        self.proxy.delay = 0.3
        began = time.monotonic()
        producer.send(self.topic, b"second").get(10)
        self.assertGreaterEqual(time.monotonic() - began, 0.6)  # there and back

    def test_rate_makes_the_wire_narrow(self):
        producer = self.producer()
        producer.send(self.topic, b"first").get(10)
        self.proxy.rate = 100_000
        began = time.monotonic()
        producer.send(self.topic, b"x" * 100_000).get(20)
        self.assertGreaterEqual(time.monotonic() - began, 1.0)

    def test_dark_swallows_until_healed(self):
        producer = self.producer(retries=0)
        producer.send(self.topic, b"first").get(10)
        self.proxy.dark = True
        with self.assertRaises(KafkaError):
            producer.send(self.topic, b"lost").get(20)
        self.proxy.heal()
        self.producer().send(self.topic, b"last").get(20)
        self.assertEqual(sorted(self.values()), [b"first", b"last"])

    def test_cut_is_a_reset_that_clients_outlive(self):
        producer = self.producer()
        producer.send(self.topic, b"first").get(10)
        self.assertTrue(self.proxy.writers)
        self.proxy.cut()
        for _ in hang_guard("the connections to go"):
            if not self.proxy.writers:
                break
        producer.send(self.topic, b"second").get(20)
        self.assertEqual(sorted(self.values()), [b"first", b"second"])

    def test_a_held_commit_arrives_when_its_client_has_gone(self):
        producer = self.producer(transactional_id=self.topic)
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(self.topic, b"held")
        producer.flush()
        held = self.proxy.hold()
        committing = threading.Thread(target=producer.commit_transaction, daemon=True)
        committing.start()
        self.assertTrue(held.seen.wait(20))
        self.assertEqual(self.values(isolation="read_committed"), [])
        self.proxy.cut(clients_only=True)
        committing.join(20)  # asks again, on a connection of its own
        self.assertEqual(self.values(isolation="read_committed"), [b"held"])
        self.assertFalse(held.gone.is_set())
        self.proxy.release(held)
        self.assertTrue(held.gone.wait(20))
        self.assertTrue(held.delivered)


if __name__ == "__main__":
    unittest.main()
