"""XMILE: reader and writer.

In: the text of an .xmile, .stmx or .xml file. Out: a `ModelDefinition`, and back.

    document         XML with places, safely
    include          other files a file is made of
    scope            what a name means in a module
    modules          models and modules flattened
    dimension        dimensions and elements
    expression       equations to trees
    arrays           bare arrays and `*` made explicit
    graphical        graphical functions
    variable         stocks, flows, auxiliaries
    conveyor         conveyors, queues, ovens
    drain            what holds flows: stocks not below zero, full conveyors
    macro, specs     macros; when and how a model is run
    vendor           what our own writer keeps beside the standard
    reader           the whole file
    phrase, layout, variable_writer, writer    back to text

Invariant: reading never raises; what would change numbers and is not understood is an error.
References: XML Interchange Language for System Dynamics (XMILE) Version 1.0, OASIS Standard, 2015.
"""
