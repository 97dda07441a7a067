"""SIGKILL at random moments, under load.

Two processes of two lanes; one after the other is killed and started again. Exactly once
allows no repetition; at least once only what was published past the committed offset of a
partition that a killed worker owned."""

from kill import SECONDS_A_KILL, explain, kill

SAMPLE = 2
A_ROUND = 5
RATE = 1000
PLEDGES = {"at_least_once": {"allowed": ["duplicated"], "resume_p99_s": 10},
           "exactly_once": {"resume_p99_s": 10}}


def play(new_round, n):
    this = new_round(n * SECONDS_A_KILL * RATE, malformed_share=0.01)
    pair = [this.worker(name).start() for name in ("a", "b")]
    this.case.wait_for_both()
    this.feed(RATE)
    kills = []
    for _ in range(n):
        this.case.wait_for_both(gone=[id for one in kills for id in one.dead])
        this.pause(0.2, 3)
        victim = this.rng.choice(pair)
        kills.append(kill(this.case, victim, this.feeder))
        this.expect_resume(kills[-1].owned, kills[-1].ends["prediction"], kills[-1].began)
        victim.start()
        this.await_resume()
    verdict = this.conclude()
    bounds, unexplained = explain(this.judge.oracle, kills)
    return {**verdict, "published_past_committed": bounds, "unexplained": unexplained,
            "under_load": sum(one.under_load for one in kills)}
