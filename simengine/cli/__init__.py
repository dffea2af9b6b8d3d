"""The command line: one file a command.

In: arguments. Out: data on stdout, everything else on stderr, and an exit code that means something.

    0    done
    1    the input is wrong; its diagnostics were printed
    2    the command was used wrongly
    3    a run failed (values that are not numbers); results are kept
    70   a fault of simengine itself
    130  interrupted; what was finished is kept

Invariant: no traceback reaches a user unless SIMENGINE_DEBUG is set.
"""
