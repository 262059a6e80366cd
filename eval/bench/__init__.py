"""Outside benchmarks: ``python -m eval.bench NAME``; published figures stand beside ours.

Built: clapnq, squad2, covidqa, beir. Not built yet: quotesum, ramdocs, mtrag_un.
"""
