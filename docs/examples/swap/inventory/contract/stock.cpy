      *> Nightly stock extract, EBCDIC (cp037), LRECL 80, no line ends.
      *> REC-TYPE says which of the three bodies a record has.
       01  STOCK-RECORD.
           05  REC-TYPE                PIC X(1).
               88  IS-HEADER           VALUE "H".
               88  IS-DETAIL           VALUE "D".
               88  IS-TRAILER          VALUE "T".
           05  REC-BODY                PIC X(79).
           05  STOCK-HEADER REDEFINES REC-BODY.
               10  SYSTEM-ID           PIC X(8).
               10  EXTRACT-DATE        PIC 9(8).
               10  SEQUENCE-NO         PIC 9(6).
               10  FILLER              PIC X(57).
           05  STOCK-DETAIL REDEFINES REC-BODY.
               10  SKU                 PIC X(10).
               10  SITE                PIC X(8).
               10  ON-HAND             PIC S9(7) COMP-3.
               10  HELD                PIC S9(5).
               10  UNIT-COST           PIC S9(7)V9(4) COMP-3.
               10  COUNTED-DATE        PIC 9(8).
               10  COUNTED-TIME        PIC 9(6).
               10  DESCRIPTION         PIC X(20).
               10  FILLER              PIC X(12).
           05  STOCK-TRAILER REDEFINES REC-BODY.
               10  RECORD-COUNT        PIC 9(7).
               10  TOTAL-ON-HAND       PIC S9(11) COMP-3.
               10  HASH-HELD           PIC S9(9).
               10  FILLER              PIC X(57).
