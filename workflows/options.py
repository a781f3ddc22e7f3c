"""The named timeouts and retries everything here uses."""

from datetime import timedelta

from temporalio.common import RetryPolicy

TASK_QUEUE = "rapport"

# An activity that cannot reach the database or a server is tried again for as long as it takes: nobody is dropped
# because something was down over a weekend.
PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
)

# Reading and recording: short transactions.
RECORDING = timedelta(seconds=30)

# A batch of sends takes at most 20 s of starting new ones, then a place in the pool, a slow conversation, and the
# longest last reply an installation may wait for (RAPPORT_SMTP_REPLY_SECONDS: an hour). To be cut off there, by a
# server that is slow but lives, makes a message of unknown fate. That a worker died is told by its heartbeat: one that
# lives gives a sign every 2 s (activities/beside.py, worker.py), so it is given up after seven that did not come.
SENDING = timedelta(hours=3)
SENDING_HEARTBEAT = timedelta(seconds=15)

# A batch of calls takes at most 20 s of starting new ones, then the longest `up_to` of a call (domain/steps/call.py).
CALLING = timedelta(seconds=720)
CALLING_HEARTBEAT = timedelta(seconds=30)

DRAINING = timedelta(seconds=60)
# Sooner than that of sends: what came in while a worker died is read before what it held is asked about again.
DRAINING_HEARTBEAT = timedelta(seconds=10)

# A broadcast works for 20 s at a time, in short transactions.
STEPPING = timedelta(seconds=60)
STEPPING_HEARTBEAT = timedelta(seconds=15)

LOOKING = timedelta(seconds=120)
LOOKING_HEARTBEAT = timedelta(seconds=30)

# A remedy is delivered by systems of the company's, which may be down: an attempt takes a minute at most, and says that
# it lives while it waits for an answer.
DELIVERING = timedelta(minutes=5)
DELIVERING_HEARTBEAT = timedelta(seconds=30)
