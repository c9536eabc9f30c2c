"""The only writer of processing state.

Every change is a conditional UPDATE whose row count decides who won, and the batch's counters move in the same
transaction as the item's row. Every transaction locks items before their batch, items in the order of their ids.
"""
