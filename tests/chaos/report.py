"""The report of a scenario: one entry a round, appended as rounds end, so that a long run
can be cut short and gone on with; the totals follow from the entries."""

import json
import math
import os

COUNTS = ("aborted", "lost", "duplicated", "reordered", "unexpected", "score_errors",
          "wrong_fields", "dead_letter_errors", "uncommitted", "torn", "open_transactions",
          "commits", "commits_refused", "unowned_commits", "unowned_accepted",
          "memberless_commits", "unexplained", "calm_faults", "not_delivered",
          "not_recreated", "wrong_ends", "conditions", "cross_entity",
          "wrong_quality", "wrong_missing", "complete", "defaulted", "stale", "unavailable",
          "dead_letters", "kills", "sleeps", "connects", "events", "faults")


def quantile(values, q):
    """The smallest value that at least the share q of them does not exceed."""
    values = sorted(values)
    return values[max(0, math.ceil(q * len(values)) - 1)] if values else None


def totals(rounds):
    def all_of(name):
        return [seconds for entry in rounds for seconds in entry.get(name, ())]

    def the(name):
        return [entry[name] for entry in rounds if name in entry]

    def p99(name):
        return quantile([s for s in all_of(name) if s is not None], 0.99)

    return {"rounds": len(rounds),
            **{name: sum(entry.get(name, 0) for entry in rounds) for name in COUNTS},
            "never_resumed": (all_of("resumes_s") + all_of("rebalances_s")).count(None),
            "resume_p99_s": p99("resumes_s"),
            "exit_p99_s": p99("exits_s"),
            "unready_p99_s": p99("unready_s"),
            "given_up_p99_s": p99("given_up_s"),
            "max_features_p99_s": max(the("features_p99_s"), default=None),
            "max_connects_s": max(the("connects_s"), default=None),
            "max_recovery_s": max(all_of("recoveries_s"), default=None),
            "max_stall_s": max((entry.get("max_stall_s", 0) for entry in rounds),
                               default=0),
            "max_rss_mib": max(the("rss_mib"), default=None),
            "min_rate_share": min(the("rate_share"), default=None)}


class Report:
    """`options` tells runs apart: a report of other options is not gone on with."""

    def __init__(self, path, options):
        self.path = path
        self.options = options
        self.rounds = []
        if path and os.path.exists(path):
            with open(path) as file:
                before = json.load(file)
            if before["options"] != options:
                raise SystemExit(f"{path} is of other options: {before['options']}")
            self.rounds = before["runs"]

    def done(self, name):
        """How much of something the rounds so far have seen."""
        return sum(entry.get(name, 0) for entry in self.rounds)

    def add(self, entry):
        self.rounds.append(entry)
        if not self.path:
            return
        with open(f"{self.path}.new", "w") as file:
            json.dump({"name": "chaos", "options": self.options, **totals(self.rounds),
                       "runs": self.rounds}, file, indent=2)
            file.write("\n")
        os.replace(f"{self.path}.new", self.path)
