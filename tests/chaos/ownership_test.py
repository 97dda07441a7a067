"""The witness of commits, on requests as clients write them."""

import unittest

from kafka.protocol.consumer import (OffsetCommitRequest, OffsetCommitResponse,
                                     SyncGroupRequest)
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment
from kafka.protocol.producer import TxnOffsetCommitRequest

from ownership import Ownership
from proxy import Connection


def framed(message, version, correlation):
    message.API_VERSION = version
    message.with_header(correlation, "worker")
    return message.encode(header=True, framed=True)


class OwnershipTest(unittest.TestCase):
    def setUp(self):
        self.witness = Ownership()
        self.connection = Connection(lambda: [self.witness])

    def sync(self, version=3, **members):
        """The leader's assignment: member=[partitions of the topic `in`]."""
        def written(partitions):
            assigned = ConsumerProtocolAssignment.TopicPartition(
                topic="in", partitions=partitions)
            return ConsumerProtocolAssignment(
                assigned_partitions=[assigned], user_data=None).encode(version=0)
        self.connection.request(framed(SyncGroupRequest(
            group_id="g", generation_id=1, member_id="a", group_instance_id=None,
            assignments=[SyncGroupRequest.SyncGroupRequestAssignment(
                member_id=member, assignment=written(partitions))
                for member, partitions in members.items()]), version, 1))

    def commit(self, member, partition, offset=5, version=7, instance=None):
        topic = OffsetCommitRequest.OffsetCommitRequestTopic
        self.connection.request(framed(OffsetCommitRequest(
            group_id="g", generation_id_or_member_epoch=1, member_id=member,
            group_instance_id=instance, topics=[topic(name="in", partitions=[
                topic.OffsetCommitRequestPartition(
                    partition_index=partition, committed_offset=offset,
                    committed_leader_epoch=-1, committed_metadata="")])]), version, 2))

    def answer(self, error):
        """Of the coordinator, to a commit of partition 0."""
        topic = OffsetCommitResponse.OffsetCommitResponseTopic
        self.connection.response(framed(OffsetCommitResponse(
            throttle_time_ms=0, topics=[topic(name="in", partitions=[
                topic.OffsetCommitResponsePartition(partition_index=0, error_code=error)])]),
            7, 2))

    def unowned(self):
        return [(at.member, at.partition, at.owner) for at in self.witness.unowned]

    def test_the_owner_may_commit(self):
        self.sync(a=[0, 1], b=[2])
        self.commit("a", 1)
        self.commit("b", 2)
        self.assertEqual(self.unowned(), [])
        self.assertEqual(self.witness.commits, 2)

    def test_another_member_may_not(self):
        self.sync(a=[0, 1], b=[2])
        self.commit("b", 1)
        self.assertEqual(self.unowned(), [("b", 1, "a")])

    def test_the_last_owner_may_not(self):
        self.sync(a=[0, 1])
        self.sync(a=[0], b=[1])
        self.commit("a", 1)
        self.assertEqual(self.unowned(), [("a", 1, "b")])

    def test_a_partition_of_nobody(self):
        self.sync(a=[0, 1])
        self.sync(b=[0])
        self.commit("a", 1)
        self.assertEqual(self.unowned(), [("a", 1, None)])

    def test_a_partition_between_two_is_still_the_first_ones(self):
        self.sync(a=[0, 1])
        self.sync(a=[0], b=[])
        self.commit("a", 1)
        self.assertEqual(self.unowned(), [])
        self.sync(a=[0], b=[1])
        self.commit("a", 1)
        self.assertEqual(self.unowned(), [("a", 1, "b")])

    def test_a_static_member_that_starts_again_has_what_it_had(self):
        self.sync(**{"pod-1-aaaa": [0], "pod-2-bbbb": [1]})
        self.commit("pod-1-cccc", 0, instance="pod-1")
        self.assertEqual(self.unowned(), [])
        self.commit("pod-1-cccc", 1, instance="pod-1")
        self.assertEqual(self.unowned(), [("pod-1-cccc", 1, "pod-2-bbbb")])

    def test_a_commit_without_a_member_is_counted_apart(self):
        self.sync(a=[0])
        self.commit("", 0)
        self.assertEqual(self.unowned(), [])
        self.assertEqual(self.witness.memberless, 1)

    def test_a_follower_assigns_nothing(self):
        self.sync(a=[0])
        self.sync()
        self.commit("a", 0)
        self.assertEqual(self.unowned(), [])

    def test_offsets_in_a_transaction(self):
        self.sync(a=[0])
        topic = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic
        self.connection.request(framed(TxnOffsetCommitRequest(
            transactional_id="t", group_id="g", producer_id=1, producer_epoch=0,
            generation_id=1, member_id="b", group_instance_id=None,
            topics=[topic(name="in", partitions=[topic.TxnOffsetCommitRequestPartition(
                partition_index=0, committed_offset=3, committed_leader_epoch=-1,
                committed_metadata=None)])]), 3, 9))
        self.assertEqual(self.unowned(), [("b", 0, "a")])

    def test_refusals_are_counted(self):
        self.sync(a=[0])
        self.commit("a", 0)
        self.answer(25)
        self.assertEqual(self.witness.refused, 1)

    def test_of_the_unowned_those_that_are_taken_are_counted(self):
        self.sync(a=[0])
        for member, error in (("b", 25), ("a", 0), ("b", 0)):
            self.commit(member, 0)
            self.answer(error)
        self.assertEqual(self.witness.accepted, 1)


if __name__ == "__main__":
    unittest.main()
