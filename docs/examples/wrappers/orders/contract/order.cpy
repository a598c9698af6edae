      * What the order entry job reads: ORDnnnnnn.DAT, 60 bytes a record.
       01  ORDER-HEADER.
           05  REC-TYPE            PIC X.
           05  FILE-SEQ            PIC 9(6).
           05  RUN-DATE            PIC 9(8).
           05  SENDER              PIC X(10).
           05  FILLER              PIC X(35).
       01  ORDER-DETAIL.
           05  REC-TYPE            PIC X.
           05  LINE-NO             PIC 9(6).
           05  ORDER-NO            PIC X(10).
           05  SKU                 PIC X(8).
           05  UNITS               PIC S9(5) COMP-3.
           05  PRICE               PIC S9(5)V99 COMP-3.
           05  NOTE                PIC X(20).
           05  FILLER              PIC X(8).
       01  ORDER-CANCEL.
           05  REC-TYPE            PIC X.
           05  LINE-NO             PIC 9(6).
           05  ORDER-NO            PIC X(10).
           05  FILLER              PIC X(43).
       01  ORDER-TRAILER.
           05  REC-TYPE            PIC X.
           05  FILE-SEQ            PIC 9(6).
           05  RECORD-COUNT        PIC 9(6).
           05  UNIT-TOTAL          PIC S9(7) COMP-3.
           05  HASH-PRICE          PIC S9(5)V99 COMP-3.
           05  FILLER              PIC X(39).
