"""The only writer of processing state.

Every change is a conditional UPDATE whose row count decides who won, and the batch's counters move in the same
transaction as the item's row. Every transaction locks items, then uploads, then batches, each in the order of their
ids, so that no two transactions deadlock.
"""
