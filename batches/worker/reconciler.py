"""Puts right what crashes, lost messages and lost servers left behind; runs in every worker process."""

from batches.engine.cancel import resume_cancellations
from batches.engine.circuit_breaker import breaker
from batches.engine.complete import complete_batches
from batches.engine.expiry import expire_batches
from batches.engine.in_flight import in_flight
from batches.engine.maintenance_check import MaintenanceNeeds, check_maintenance
from batches.engine.recovery import recover_items
from batches.messaging.wake_ups import send_wake_ups, total_threads


def reconcile() -> None:
    """Do one round: take lost files back, end what is to end, ring for what waits.

    Every step is safe to repeat and to run beside itself, so no lock is taken: a process that is stopped in the middle
    (by a debugger, or a frozen machine) would keep it, and with it everybody else's recovery.
    """
    seen = check_maintenance(total_threads())
    if seen.lost_claims or seen.completable_batches or seen.unfinished_cancellations or seen.expired_batches:
        _put_right(seen)
        seen = check_maintenance(total_threads())
    if seen.pending:
        send_wake_ups(seen.pending)
    elif not in_flight.jobs() and not in_flight.unreleased():
        # No file waits, or is being tried, that could show whether what was away is back.
        breaker.record_success()


def _put_right(seen: MaintenanceNeeds) -> None:
    if seen.lost_claims:
        recover_items()
    if seen.unfinished_cancellations:
        resume_cancellations()
    if seen.completable_batches:
        complete_batches()
    if seen.expired_batches:
        expire_batches()
