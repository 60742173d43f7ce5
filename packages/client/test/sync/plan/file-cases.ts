/** Cases of files and links, as `cases.ts` reads them. */
export const fileCases = `
Files: one side
  nothing changed  ;  a=1  ;  a=1  ;  a=1
  new here  ;  a=1  ;  -  ;  -
    upload a (new here)
  new in the store  ;  -  ;  a=1  ;  -
    download a@v1 (new in the store)
  edited here  ;  a=2  ;  a=1  ;  a=1
    upload a, over v1 (edited here)
  edited in the store  ;  a=1  ;  a=2  ;  a=1
    download a@v2 over what is here (edited in the store)
  deleted here  ;  -  ;  a=1  ;  a=1
    remove a in the store, over v1 (deleted here)
  deleted in the store  ;  a=1  ;  -  ;  a=1
    remove a here (deleted in the store)
  touched here  ;  a=1~  ;  a=1  ;  a=1
    note a@v1 (touched here)
  written again in the store with the same content  ;  a=1  ;  a=1@v9  ;  a=1
    note a@v9 (written again in the store)
  renamed here  ;  b=1  ;  a=1  ;  a=1
    upload b, copied from a@v1 (new here)
    remove a in the store, over v1 (deleted here)
  renamed in the store  ;  a=1  ;  b=1  ;  a=1
    download b@v1, copied from a (new in the store)
    remove a here (deleted in the store)
  moved into a new folder here  ;  d/ d/a=1  ;  a=1  ;  a=1
    upload d/ (new here)
    upload d/a, copied from a@v1 (new here)
    remove a in the store, over v1 (deleted here)
  moved into a new folder in the store  ;  a=1  ;  d/ d/a=1  ;  a=1
    make folder d/ (new in the store)
    download d/a@v1, copied from a (new in the store)
    remove a here (deleted in the store)
  copied here  ;  a=1 b=1  ;  a=1  ;  a=1
    upload b, copied from a@v1 (new here)
  copied in the store  ;  a=1  ;  a=1 b=1  ;  a=1
    download b@v1, copied from a (new in the store)
  two files change names here  ;  a=2 b=1  ;  a=1 b=2  ;  a=1 b=2
    upload a, over v1, copied from b@v2 (edited here)
    upload b, over v2, copied from a@v1 (edited here)
  two files change names in the store  ;  a=1 b=2  ;  a=2 b=1  ;  a=1 b=2
    download a@v2 over what is here, copied from b (edited in the store)
    download b@v1 over what is here, copied from a (edited in the store)
  made executable here  ;  a=1+x  ;  a=1  ;  a=1
    upload a, over v1, copied from a@v1 (edited here)
  made executable in the store  ;  a=1  ;  a=1+x@v2  ;  a=1
    download a@v2 over what is here, copied from a (edited in the store)
  a link made here  ;  l=>a  ;  -  ;  -
    upload l (new here)
  a link made in the store  ;  -  ;  l=>a  ;  -
    download l@va (new in the store)
  a link led elsewhere here  ;  l=>b  ;  l=>a  ;  l=>a
    upload l, over va (edited here)
  a file became a link in the store  ;  l=a  ;  l=>a@v2  ;  l=a
    download l@v2 over what is here (edited in the store)

Files: both sides
  new on both sides with the same content  ;  a=1  ;  a=1  ;  -
    note a@v1 (new on both sides, and the same)
  new on both sides with different contents  ;  a=1  ;  a=2  ;  -
    upload a (new on both sides, and not the same)
  edited on both sides to the same content  ;  a=2  ;  a=2  ;  a=1
    note a@v2 (edited on both sides, and the same)
  edited on both sides to different contents  ;  a=2  ;  a=3  ;  a=1
    upload a, over v1 (edited on both sides)
  edited here, written again in the store  ;  a=2  ;  a=1@v9  ;  a=1
    upload a, over v9 (edited here)
  edited here, deleted in the store  ;  a=2  ;  -  ;  a=1
    upload a, over v1 (edited here, though deleted in the store)
  edited here, renamed in the store  ;  a=2  ;  b=1  ;  a=1
    upload a, over v1 (edited here, though deleted in the store)
    download b@v1 (new in the store)
  deleted here, edited in the store  ;  -  ;  a=2  ;  a=1
    download a@v2 (deleted here, but edited in the store)
  deleted here, written again in the store  ;  -  ;  a=1@v9  ;  a=1
    remove a in the store, over v9 (deleted here)
  deleted on both sides  ;  -  ;  -  ;  a=1
    forget a (gone from both sides)
  deleted here, renamed in the store  ;  -  ;  b=1  ;  a=1
    download b@v1 (new in the store)
    forget a (gone from both sides)
  renamed here, edited in the store  ;  b=1  ;  a=2  ;  a=1
    download a@v2 (deleted here, but edited in the store)
    upload b, copied from a@v1 (new here)
  renamed here, deleted in the store  ;  b=1  ;  -  ;  a=1
    upload b, copied from a@v1 (new here)
    forget a (gone from both sides)
  renamed on both sides to the same name  ;  b=1  ;  b=1  ;  a=1
    note b@v1 (new on both sides, and the same)
    forget a (gone from both sides)
  renamed on both sides to different names  ;  b=1  ;  c=1  ;  a=1
    upload b, copied from a@v1 (new here)
    download c@v1, copied from b (new in the store)
    forget a (gone from both sides)
  renamed in the store over a file that is new here  ;  a=1 b=3  ;  b=1  ;  a=1
    upload b (new on both sides, and not the same)
    remove a here (deleted in the store)
  made executable here, edited in the store  ;  a=1+x  ;  a=2  ;  a=1
    upload a, over v1, copied from a@v1 (edited on both sides)
  made executable on both sides  ;  a=1+x  ;  a=1+x@v2  ;  a=1
    note a@v2 (edited on both sides, and the same)
  touched here, edited in the store  ;  a=1~  ;  a=2  ;  a=1
    download a@v2 over what is here (edited in the store)
  touched here, deleted in the store  ;  a=1~  ;  -  ;  a=1
    remove a here (deleted in the store)

Conflicts in the store
  written by two others at once  ;  a=1  ;  a=2|3  ;  a=1
    resolve a: v2 stays, v3 becomes a.conflict-…, over v2+v3 (written by several at once)
  written by two others at once, new here too  ;  a=1  ;  a=2|3  ;  -
    upload a (edited here, beside a conflict in the store)
  written by two others at once, edited here too  ;  a=4  ;  a=2|3  ;  a=1
    upload a, over v1 (edited here, beside a conflict in the store)
  written by two others at once, deleted here  ;  -  ;  a=2|3  ;  a=1
    resolve a: v2 stays, v3 becomes a.conflict-…, over v2+v3 (written by several at once)
  our edit is one of those that conflict  ;  a=3  ;  a=2|3  ;  a=3
    resolve a: v2 stays, v3 becomes a.conflict-…, over v2+v3 (written by several at once)
  our edit is one of those that conflict, but the journal does not know  ;  a=3  ;  a=2|3  ;  a=1
    note a@v3 (what is here takes part in the conflict already)
  written by two at once with the same content  ;  a=1  ;  a=2|2@v3  ;  a=1
    download a@v2 over what is here (edited in the store)
  heads of the same content, noted already  ;  a=2  ;  a=2|2@v3  ;  a=2|2@v3
  the same bytes, executable or not  ;  a=1  ;  a=1@v2|1+x@v3  ;  a=1
    resolve a: v2 stays, over v2+v3 (written by several at once)
  three contents  ;  a=1  ;  a=2|3|4  ;  a=1
    resolve a: v2 stays, v3 becomes a.conflict-…, v4 becomes a.conflict-…-2, over v2+v3+v4 (written by several at once)
  written by one, deleted by another  ;  a=1  ;  a=2|-  ;  a=1
    resolve a: v2 stays, over v2+marker (deleted by one, written by another)
  our edit beside a delete marker  ;  a=2  ;  a=2|-  ;  a=2
    resolve a: v2 stays, over v2+marker (deleted by one, written by another)
  written by one, deleted by another, deleted here  ;  -  ;  a=2|-  ;  a=1
    resolve a: v2 stays, over v2+marker (deleted by one, written by another)
  a conflict in a file with an ending  ;  d/ d/a.tar.gz=1  ;  d/ d/a.tar.gz=1|2  ;  d/ d/a.tar.gz=1
    resolve d/a.tar.gz: v1 stays, v2 becomes d/a.conflict-….tar.gz, over v1+v2 (written by several at once)
`
