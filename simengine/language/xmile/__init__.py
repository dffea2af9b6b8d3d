"""XMILE: reader and writer.

In: the text of an .xmile, .stmx or .xml file. Out: a `ModelDefinition`, and back.

    document    XML with places, safely
    expression  equations to trees
    scope       names of a model and its modules; dimensions and elements
    arrays      bare arrays and `*` made explicit
    variable    stocks, flows, auxiliaries, graphical functions
    reader      the whole file
    writer      back to text

Invariant: reading never raises; what would change numbers and is not understood is an error.
References: XML Interchange Language for System Dynamics (XMILE) Version 1.0, OASIS Standard, 2015.
"""
