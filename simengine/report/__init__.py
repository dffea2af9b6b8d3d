"""Reports: results for those who look.

In: a study (`simengine.results.study`), or its folder. Out: charts, maps, a page.

Invariant: what is drawn stands in the result folder too; nothing is computed for a picture alone.
"""
