"""Outside benchmarks: ``python -m eval.bench NAME``; published figures stand beside ours."""
