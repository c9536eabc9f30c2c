"""Repair the effects of crashes, lost messages and outages. This runs in every worker process."""

from batches.engine.cancel import resume_cancellations
from batches.engine.circuit_breaker import breaker
from batches.engine.complete_batch import complete_batches
from batches.engine.expiry import expire_batches
from batches.engine.in_flight import in_flight
from batches.engine.link_sidecars import link_due_entries
from batches.engine.maintenance_check import MaintenanceNeeds, check_maintenance
from batches.engine.recovery import recover_items
from batches.messaging.wake_ups import send_wake_ups, total_threads


def reconcile() -> None:
    """Run a round: recover lost items, finish cancellations, complete and expire batches, link sidecars, wake workers.

    This needs no lock, because every step can be repeated and can run in several processes at once. A lock would even
    be harmful: a process that is stopped in a debugger or on a frozen machine would keep it and block all recovery.
    """
    needs = check_maintenance(total_threads())
    if needs.repairs:
        _repair(needs)
        needs = check_maintenance(total_threads())
    if needs.pending:
        send_wake_ups(needs.pending)
    elif not in_flight.jobs() and not in_flight.unreleased():
        # An outage ends when a job succeeds. No job is in flight or pending, so end it now and let the next job try.
        breaker.record_success()


def _repair(needs: MaintenanceNeeds) -> None:
    if needs.lost_claims:
        recover_items()
    if needs.unfinished_cancellations:
        resume_cancellations()
    if needs.completable_batches:
        complete_batches()
    if needs.expired_batches:
        expire_batches()
    if needs.due_sidecars:
        link_due_entries()
