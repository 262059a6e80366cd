"""Campaigns: long attacks on the product, each run by ``python -m tests.campaigns.NAME``.

Seeds are fixed and counts are options; every run writes ``report.json`` and ``report.md``. A short
version of each is an ordinary test in ``tests/test_campaigns.py``.
"""
