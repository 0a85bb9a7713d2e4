"""What every room stands on: money, clock, errors, database, events, jobs, ids, cursors."""
