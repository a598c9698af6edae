      * What the order entry job answers: ACKnnnnnn.DAT, 50 bytes a record.
       01  RECEIPT-HEADER.
           05  REC-TYPE            PIC X.
           05  FILE-SEQ            PIC 9(6).
           05  FILLER              PIC X(43).
       01  RECEIPT-DETAIL.
           05  REC-TYPE            PIC X.
           05  FILE-SEQ            PIC 9(6).
           05  LINE-NO             PIC 9(6).
           05  ORDER-NO            PIC X(10).
           05  STATUS-CODE         PIC X(2).
           05  REASON              PIC X(25).
       01  RECEIPT-TRAILER.
           05  REC-TYPE            PIC X.
           05  RECORD-COUNT        PIC 9(6).
           05  FILLER              PIC X(43).
