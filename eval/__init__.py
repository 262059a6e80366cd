"""The evaluation: gold questions, metrics, baselines, reports and gates.

It imports rag; rag loads it by its folder and never by name, so modules here import each other
relatively.
"""
