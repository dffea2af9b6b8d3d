"""Vensim's binary data sets, .vdf (single precision) and .vdfx (double): the saved runs of models.

In: the bytes of a file. Out: a series for every variable whose place in the file is proven, a reason for every
other.

    container    the parts of the file, every bound checked
    ownership    which variable a saved series belongs to
    saved        the series, decoded when they are asked for

The format is not published. What stands here was read off seven files of ema_workbench's examples (four .vdf, three
.vdfx; Vensim wrote them between 2011 and 2012, some again later), beside what simlin's authors found before
(github.com/bpowers/simlin, docs/design/vdf.md and its issues). All numbers are little-endian; a *pointer* is a word
counted from 1 at the mark of its section, a word is four bytes.

**Sure**: it holds, without an exception, in all seven files, and the reader refuses a file where it does not.

- Header: mark, a line on when and from which model, a version, the place of the final values, of what follows them,
  and (twice) of the slots; the number of saved times (twice).
- Eight sections, each with mark, size (twice) and three words more. They follow each other without a gap: a section's
  size is a pointer to its end, and what is appended (1: ids; 6: kinds, final values, records of lookups) has a size
  that is known.
- Section 2: names, each behind its length. A length may also cover freed space.
- Section 1: one record a name, with a pointer to the name, a pointer to its shape in section 3, the number of its
  first slot and its kind. Units, groups and functions of Vensim have records
  too; names inside its own macros (`LV1`, `DEL`) have none.
- Section 6: the kind and the final value of every slot. Kinds are time (0x0f), stock (0x08), varying (0x11) and
  constant (0x17).
- A record's kind, its lower byte, is the kind of its slot. A lookup (0x1a) has no slot: the same field counts lookups.
- Section 7: slots, each a number by itself or the place of a block. A block has a count, a bit for each saved time and
  the values of the times whose bit is set. A value that does not change is not written again.
- Slot 0 is time. Stocks come next, then all others, each group by name.

**How a name is proven.** Every slot must be taken by exactly one record of its own kind; names must be in order;
the last value of a block must be the final value that section 6 holds. So the pairing rests on three things that
were written independently.

**Not sure, hence refused.** Arrays: section 3 gives their number of elements (a record of 27 words a shape, as simlin
found), which is enough to see which slots are theirs; in which order elements follow and what they are called was not
seen in a file, so they are refused by name. Data sets that Vensim imported (another mark, other sections), files of
another version, files of more than 65535 saved times (the count of a block has 16 bits).

**Invariant**: no series is given under a name by guess; junk is an `Unreadable`, found in time and memory in proportion
to the size of the file.
"""
