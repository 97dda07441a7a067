"""Who owns which partition, as a proxy hears it, and who commits without owning.

Ownership moves when the leader of a group hands its assignment to the coordinator
(SyncGroup): from then on a commit of a partition by anybody but its new owner is one too
many, whether the coordinator takes it or not. All that members send passes the proxy in one
order, and a member may commit for what it had until it rejoins, which comes before the
leader's assignment: a commit that comes later was not a matter of bad luck.

A commit without a member is counted apart: librdkafka repeats what is stored when partitions
are unassigned, and where it leaves the group at the same time that may come after it left."""

import threading
from collections import namedtuple

from kafka.protocol.consumer import (OffsetCommitRequest, OffsetCommitResponse,
                                     SyncGroupRequest)
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment
from kafka.protocol.producer import TxnOffsetCommitRequest, TxnOffsetCommitResponse

REQUESTS = {kind.API_KEY: kind
            for kind in (SyncGroupRequest, OffsetCommitRequest, TxnOffsetCommitRequest)}
RESPONSES = {kind.API_KEY: kind for kind in (OffsetCommitResponse, TxnOffsetCommitResponse)}

Unowned = namedtuple("Unowned", "client member topic partition offset owner")


def partitions_of(assignment):
    """Of a member, as the leader wrote it down: a version, then its fields."""
    if not assignment:
        return
    version = int.from_bytes(assignment[:2], "big")
    said = ConsumerProtocolAssignment.decode(assignment, version=version)
    for topic in said.assigned_partitions:
        for partition in topic.partitions:
            yield topic.topic, partition


def is_same(said, owner):
    """A static member that starts again gets a new id, after its name, and what it had, without
    anyone being asked for an assignment."""
    name = getattr(said, "group_instance_id", None)
    return said.member_id == owner or bool(
        name and owner and owner.startswith(f"{name}-")
        and said.member_id.startswith(f"{name}-"))


class Ownership:
    """A witness of the proxy. Its counts may be read by any thread."""

    KEYS = frozenset(REQUESTS)

    def __init__(self):
        self.lock = threading.Lock()
        self.owner = {}  # (group, topic, partition): member
        self.commits = 0  # partitions in commits
        self.refused = 0  # of these, by the coordinator
        self.unowned = []
        self.accepted = 0  # of the unowned, by the coordinator
        self.asked = {}  # the unowned partitions of requests that are not answered yet
        self.memberless = 0

    def request(self, header, frame):
        said = REQUESTS[header.key].decode(frame, version=header.version, header=True)
        with self.lock:
            if header.key == SyncGroupRequest.API_KEY:
                self.assign(said)
            else:
                self.judge(header, said)

    def response(self, header, frame):
        if header.key not in RESPONSES:
            return
        said = RESPONSES[header.key].decode(frame, version=header.version, header=True)
        with self.lock:
            unowned = self.asked.pop(header, ())
            for topic in said.topics:
                for partition in topic.partitions:
                    self.refused += partition.error_code != 0
                    self.accepted += (partition.error_code == 0 and
                                      (topic.name, partition.partition_index) in unowned)

    def assign(self, said):
        """Only the leader's request carries assignments, and then all of the group's. What
        it gives to nobody is on its way between two members of the cooperative protocol: it is
        still the last one's, which settles and gives it up."""
        if not said.assignments:
            return
        members = {member.member_id for member in said.assignments}
        for place in [place for place, member in self.owner.items()
                      if place[0] == said.group_id and member not in members]:
            del self.owner[place]
        for member in said.assignments:
            for topic, partition in partitions_of(member.assignment):
                self.owner[said.group_id, topic, partition] = member.member_id

    def owned_by(self, client):
        """The partitions that were given last to members of that client id."""
        with self.lock:
            return sorted(partition for (_, _, partition), member in self.owner.items()
                          if member.startswith(f"{client}-"))

    def forget(self):
        """What was counted so far: where a group starts at the end of its topic, one member
        commits that for all of them, before anyone reads."""
        with self.lock:
            self.commits, self.refused, self.unowned, self.memberless = 0, 0, [], 0
            self.accepted = 0

    def judge(self, header, said):
        for topic in said.topics:
            for partition in topic.partitions:
                self.commits += 1
                if not said.member_id:
                    self.memberless += 1
                    continue
                owner = self.owner.get((said.group_id, topic.name,
                                        partition.partition_index))
                if not is_same(said, owner):
                    self.asked.setdefault(header, set()).add(
                        (topic.name, partition.partition_index))
                    self.unowned.append(Unowned(
                        header.client, said.member_id, topic.name,
                        partition.partition_index, partition.committed_offset, owner))
