"""What a scenario pledges, and what of it its totals fall short of."""

NEVER = frozenset((
    "aborted", "lost", "duplicated", "reordered", "unexpected", "score_errors", "wrong_fields",
    "dead_letter_errors", "uncommitted", "torn", "open_transactions", "unowned_commits",
    "memberless_commits", "unexplained", "not_delivered", "not_recreated", "never_resumed",
    "cross_entity", "wrong_quality", "wrong_missing"))


def is_of_time(name):
    """Times and rates depend on the machine: a sample among the tests is not held to them."""
    return name.endswith("_s") or "rate" in name


def shortcomings(total, allowed=(), at_least=None, timed=True, **at_most):
    """`allowed`: counts that need not be 0. `at_least`, `at_most`: bounds of totals."""
    short = [f"{name}: {total[name]}" for name in sorted(NEVER - set(allowed))
             if total[name]]
    bounds = [(name, bound, "<=") for name, bound in at_most.items()]
    bounds += [(name, bound, ">=") for name, bound in (at_least or {}).items()]
    for name, bound, sign in bounds:
        if is_of_time(name) and not timed:
            continue
        found = total[name]
        if found is None or (found > bound if sign == "<=" else found < bound):
            short.append(f"{name}: {found}, pledged {sign} {bound}")
    return short
