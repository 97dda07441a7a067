"""What a scenario pledges, and what of it its totals fall short of."""

NEVER = frozenset((
    "lost", "duplicated", "reordered", "unexpected", "score_errors", "wrong_fields",
    "dead_letter_errors", "uncommitted", "torn", "open_transactions", "unowned_commits",
    "unexplained", "never_resumed"))


def shortcomings(total, allowed=(), **limits):
    """`allowed`: counts that need not be 0. `limits`: the most that a total may be."""
    short = [f"{name}: {total[name]}" for name in sorted(NEVER - set(allowed))
             if total[name]]
    short += [f"{name}: {total[name]}, pledged <= {most}" for name, most in limits.items()
              if total[name] is None or total[name] > most]
    return short
