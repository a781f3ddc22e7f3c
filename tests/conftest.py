"""What holds for every test: how much Hypothesis looks at.

`usual` looks at the same examples every time, so that a red run is about the change and not about luck; `full`, in
`make test-all`, looks at many more and at others each time. A test says `@settings(max_examples=…)` only where one
example is dear, or where the size is the point and the test is marked `large`.
"""

from hypothesis import HealthCheck, settings

# No deadlines, and no complaints of slowness: a busy machine is not a failure.
settings.register_profile(
    "usual", max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("full", max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("usual")
