"""Data files: what a model reads from spreadsheets, delimited text and the output of other runs.

In: a `ModelDefinition` with calls of GET XLS / DIRECT functions and data variables, and the files they name.
Out: the same definition with numbers in their place, and diagnostics.

    address      cells as a modeller writes them: B2, b2*, A, 7, a name
    sheet        one grid of cells, from csv, xls or xlsx
    book         files opened once: sheets and named ranges
    locate       where a file is: relative to the model, ?tags, letters of another case
    argument     the arguments of one call, each with its place in the model
    left_side    the elements an equation defines
    constant     GET XLS CONSTANTS, table: GET XLS LOOKUPS and DATA, subscripts: GET XLS SUBSCRIPT
    series       time series by name from .dat .tab .csv .xls .xlsx .vdf
    vdf          runs that Vensim saved
    saved_call   GET VDF DATA, GET VDF CONSTANTS
    exogenous    data variables without an equation
    resolve      all of it for one model

Invariant: nothing here raises on what a file holds, and no value is made up: a cell that is not a number is
a diagnostic, not a zero.
"""
