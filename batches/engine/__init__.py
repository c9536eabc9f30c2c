"""The batch engine: the only code that writes processing state.

Every state change is a conditional UPDATE: if conflicting changes are attempted at the same time, only the first one
succeeds. The batch's counters are updated in the same transaction as the item's row. To avoid deadlocks, every
transaction locks items first, then uploads, then batches, each in id order.
"""
