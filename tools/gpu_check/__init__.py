"""What tools/gpu-check does: command.py (its arguments), archive.py (building), run.py (the other machine), pieces.py (what
is run there), devices.py (which devices are there), comparison.py (beside other systems), record.py (what it leaves)."""
