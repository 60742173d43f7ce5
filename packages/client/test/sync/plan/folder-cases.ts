/** Cases of folders, of changes of type and of names that are not synced, as `cases.ts` reads them. */
export const folderCases = `
Folders
  nothing changed in a folder  ;  d/ d/a=1  ;  d/ d/a=1  ;  d/ d/a=1
  a folder made here  ;  d/  ;  -  ;  -
    upload d/ (new here)
  a folder made in the store  ;  -  ;  d/  ;  -
    make folder d/ (new in the store)
  a folder made on both sides  ;  d/  ;  d/  ;  -
    note d/@v/ (there on both sides)
  a folder with a file made here  ;  d/ d/a=1  ;  -  ;  -
    upload d/ (new here)
    upload d/a (new here)
  a folder deleted here  ;  -  ;  d/ d/a=1 d/e/  ;  d/ d/a=1 d/e/
    remove d/a in the store, over v1 (deleted here)
    remove d/e/ in the store, over v/ (deleted here)
    remove d/ in the store, over v/ (deleted here)
  a folder deleted in the store  ;  d/ d/a=1 d/e/  ;  -  ;  d/ d/a=1 d/e/
    remove d/a here (deleted in the store)
    remove d/e/ here (deleted in the store)
    remove d/ here (deleted in the store)
  a folder deleted on both sides  ;  -  ;  -  ;  d/ d/a=1
    forget d/a (gone from both sides)
    forget d/ (gone from both sides)
  a folder renamed here  ;  e/ e/a=1  ;  d/ d/a=1  ;  d/ d/a=1
    upload e/ (new here)
    upload e/a, copied from d/a@v1 (new here)
    remove d/a in the store, over v1 (deleted here)
    remove d/ in the store, over v/ (deleted here)
  a folder renamed in the store  ;  d/ d/a=1  ;  e/ e/a=1  ;  d/ d/a=1
    make folder e/ (new in the store)
    download e/a@v1, copied from d/a (new in the store)
    remove d/a here (deleted in the store)
    remove d/ here (deleted in the store)
  a folder deleted here, a file new in it in the store  ;  -  ;  d/ d/a=1 d/b=2  ;  d/ d/a=1
    make folder d/ (deleted here, but there are new things in it)
    download d/b@v2 (new in the store)
    remove d/a in the store, over v1 (deleted here)
  a folder deleted here, a file edited in it in the store  ;  -  ;  d/ d/a=2  ;  d/ d/a=1
    make folder d/ (deleted here, but there are new things in it)
    download d/a@v2 (deleted here, but edited in the store)
  a folder deleted in the store, a file new in it here  ;  d/ d/a=1 d/b=2  ;  -  ;  d/ d/a=1
    upload d/, over v/ (deleted in the store, but there are new things in it)
    upload d/b (new here)
    remove d/a here (deleted in the store)
  a folder deleted in the store, a file edited in it here  ;  d/ d/a=2  ;  -  ;  d/ d/a=1
    upload d/, over v/ (deleted in the store, but there are new things in it)
    upload d/a, over v1 (edited here, though deleted in the store)
  a folder written again in the store  ;  d/  ;  d/@v9  ;  d/
    note d/@v9 (written again in the store)
  a folder deleted here, written again in the store  ;  -  ;  d/@v9  ;  d/
    remove d/ in the store, over v9 (deleted here)
  a folder made by two at once  ;  d/  ;  d/@v8|@v9  ;  d/@v8
    note d/@v8 (written again in the store)
  a folder made by one, deleted by another  ;  d/  ;  d/@v/|-  ;  d/
    resolve d/: v/ stays, over v/+marker (deleted by one, written by another)
  a folder renamed here, a file new in it in the store  ;  e/ e/a=1  ;  d/ d/a=1 d/b=2  ;  d/ d/a=1
    make folder d/ (deleted here, but there are new things in it)
    upload e/ (new here)
    download d/b@v2 (new in the store)
    upload e/a, copied from d/a@v1 (new here)
    remove d/a in the store, over v1 (deleted here)
  a folder renamed in the store, a file new in it here  ;  d/ d/a=1 d/b=2  ;  e/ e/a=1  ;  d/ d/a=1
    upload d/, over v/ (deleted in the store, but there are new things in it)
    make folder e/ (new in the store)
    upload d/b (new here)
    download e/a@v1, copied from d/a (new in the store)
    remove d/a here (deleted in the store)
  a folder renamed in the store, a file edited in it here  ;  d/ d/a=2  ;  e/ e/a=1  ;  d/ d/a=1
    upload d/, over v/ (deleted in the store, but there are new things in it)
    make folder e/ (new in the store)
    upload d/a, over v1 (edited here, though deleted in the store)
    download e/a@v1 (new in the store)
  a folder renamed here, deleted in the store  ;  e/ e/a=1  ;  -  ;  d/ d/a=1
    upload e/ (new here)
    upload e/a, copied from d/a@v1 (new here)
    forget d/a (gone from both sides)
    forget d/ (gone from both sides)
  a folder renamed on both sides to the same name  ;  e/ e/a=1  ;  e/ e/a=1  ;  d/ d/a=1
    note e/@v/ (there on both sides)
    note e/a@v1 (new on both sides, and the same)
    forget d/a (gone from both sides)
    forget d/ (gone from both sides)
  a folder renamed on both sides to different names  ;  e/ e/a=1  ;  f/ f/a=1  ;  d/ d/a=1
    upload e/ (new here)
    make folder f/ (new in the store)
    upload e/a, copied from d/a@v1 (new here)
    download f/a@v1, copied from e/a (new in the store)
    forget d/a (gone from both sides)
    forget d/ (gone from both sides)

Folders that are only implied
  a key below a folder that has no object  ;  -  ;  d/a=1  ;  -
    make folder d/ (new in the store)
    download d/a@v1 (new in the store)
  an implied folder that is there on both sides  ;  d/ d/a=1  ;  d/a=1  ;  -
    note d/@implied (there on both sides)
    note d/a@v1 (new on both sides, and the same)
  an implied folder, synced  ;  d/ d/a=1  ;  d/a=1  ;  d/@implied d/a=1
  the last file of an implied folder deleted in the store  ;  d/ d/a=1  ;  -  ;  d/@implied d/a=1
    remove d/a here (deleted in the store)
    remove d/ here (deleted in the store)
  the last file of an implied folder deleted here  ;  d/  ;  d/a=1  ;  d/@implied d/a=1
    upload d/ (emptied here)
    remove d/a in the store, over v1 (deleted here)
  an implied folder deleted and made again here  ;  d/  ;  d/a=1  ;  d/a=1
    upload d/ (emptied here)
    remove d/a in the store, over v1 (deleted here)
  an implied folder deleted here  ;  -  ;  d/a=1  ;  d/@implied d/a=1
    remove d/a in the store, over v1 (deleted here)
  an implied folder deleted here, a file new in it in the store  ;  -  ;  d/a=1 d/b=2  ;  d/@implied d/a=1
    make folder d/ (deleted here, but there are new things in it)
    download d/b@v2 (new in the store)
    remove d/a in the store, over v1 (deleted here)
  a file of an implied folder renamed here  ;  d/ d/b=1  ;  d/a=1  ;  d/@implied d/a=1
    upload d/b, copied from d/a@v1 (new here)
    remove d/a in the store, over v1 (deleted here)
  an implied folder got an object  ;  d/ d/a=1  ;  d/ d/a=1  ;  d/@implied d/a=1
    note d/@v/ (written again in the store)
  the object of a folder removed, not the files below it  ;  d/ d/a=1  ;  d/a=1  ;  d/ d/a=1
    note d/@implied (written again in the store)
  an implied folder emptied in the store, a file new in it here  ;  d/ d/b=2  ;  -  ;  d/@implied d/a=1
    upload d/ (deleted in the store, but there are new things in it)
    upload d/b (new here)
    forget d/a (gone from both sides)
  an implied folder, with its last files deleted on both sides  ;  d/ d/b=2  ;  d/a=1  ;  d/@implied d/a=1 d/b=2
    upload d/ (emptied here)
    remove d/a in the store, over v1 (deleted here)
    remove d/b here (deleted in the store)

Another type
  a file became a folder here  ;  a/ a/b=2  ;  a=1  ;  a=1
    remove a in the store, over v1 (deleted here)
    upload a/ (new here)
    upload a/b (new here)
  a file became a folder in the store  ;  a=1  ;  a/ a/b=2  ;  a=1
    remove a here (deleted in the store)
    make folder a/ (new in the store)
    download a/b@v2 (new in the store)
  a file became an implied folder in the store  ;  a=1  ;  a/b=2  ;  a=1
    remove a here (deleted in the store)
    make folder a/ (new in the store)
    download a/b@v2 (new in the store)
  a folder became a file here  ;  a=2  ;  a/ a/b=1  ;  a/ a/b=1
    remove a/b in the store, over v1 (deleted here)
    remove a/ in the store, over v/ (deleted here)
    upload a (new here)
  a folder became a file in the store  ;  a/ a/b=1  ;  a=2  ;  a/ a/b=1
    remove a/b here (deleted in the store)
    remove a/ here (deleted in the store)
    download a@v2 (new in the store)
  a file moved below itself in the store  ;  a=1  ;  a/ a/a=1  ;  a=1
    remove a here (deleted in the store)
    make folder a/ (new in the store)
    download a/a@v1, copied from a (new in the store)
  a file became a folder here, edited in the store  ;  a/  ;  a=2  ;  a=1
    give way: a@v2 becomes a.conflict-… (the store has a folder of this name too)
    upload a/ (new here)
  a file became a folder in the store, edited here  ;  a=2  ;  a/ a/b=1  ;  a=1
    upload a, over v1 (edited here, though deleted in the store)
  a folder became a file in the store, a file new in it here  ;  a/ a/b=1 a/c=3  ;  a=2  ;  a/ a/b=1
    give way: a@v2 becomes a.conflict-… (the store has a folder of this name too)
    upload a/, over v/ (deleted in the store, but there are new things in it)
    upload a/c (new here)
    remove a/b here (deleted in the store)
  a folder became a file here, a file edited in it in the store  ;  a=2  ;  a/ a/b=3  ;  a/ a/b=1
    upload a (new here)
  a file became a folder here, deleted in the store  ;  a/ a/b=2  ;  -  ;  a=1
    upload a/ (new here)
    upload a/b (new here)
    forget a (gone from both sides)
  a file became a folder here, renamed in the store  ;  a/ a/b=2  ;  c=1  ;  a=1
    upload a/ (new here)
    upload a/b (new here)
    download c@v1 (new in the store)
    forget a (gone from both sides)
  a file became a folder in the store, deleted here  ;  -  ;  a/ a/b=2  ;  a=1
    make folder a/ (new in the store)
    download a/b@v2 (new in the store)
    forget a (gone from both sides)
  a file became a folder in the store, renamed here  ;  c=1  ;  a/ a/b=2  ;  a=1
    make folder a/ (new in the store)
    download a/b@v2 (new in the store)
    upload c, copied from a@v1 (new here)
    forget a (gone from both sides)
  a file became a folder on both sides  ;  a/ a/b=2  ;  a/ a/b=3  ;  a=1
    note a/@v/ (there on both sides)
    upload a/b (new on both sides, and not the same)
    forget a (gone from both sides)
  a folder became a file here, deleted in the store  ;  a=2  ;  -  ;  a/ a/b=1
    upload a (new here)
    forget a/b (gone from both sides)
    forget a/ (gone from both sides)
  a folder became a file in the store, deleted here  ;  -  ;  a=2  ;  a/ a/b=1
    download a@v2 (new in the store)
    forget a/b (gone from both sides)
    forget a/ (gone from both sides)
  a folder became a file on both sides, the same  ;  a=2  ;  a=2  ;  a/ a/b=1
    note a@v2 (new on both sides, and the same)
    forget a/b (gone from both sides)
    forget a/ (gone from both sides)
  a folder became a file on both sides, not the same  ;  a=2  ;  a=3  ;  a/ a/b=1
    upload a (new on both sides, and not the same)
    forget a/b (gone from both sides)
    forget a/ (gone from both sides)
  a file new here, a folder new in the store  ;  a=1  ;  a/b=2  ;  -
    upload a (new here)
  a folder new here, a file new in the store  ;  a/ a/b=2  ;  a=1  ;  -
    give way: a@v1 becomes a.conflict-… (the store has a folder of this name too)
    upload a/ (new here)
    upload a/b (new here)

A file and a folder of one name in the store
  a folder came to the name of a file  ;  a=1  ;  a=1 a/b=2  ;  a=1
    give way: a@v1 becomes a.conflict-… (the store has a folder of this name too)
  a file came to the name of a folder  ;  a/ a/b=1  ;  a=2 a/ a/b=1  ;  a/ a/b=1
    give way: a@v2 becomes a.conflict-… (the store has a folder of this name too)
  a file and a folder, new to us  ;  -  ;  a=1 a/b=2  ;  -
    give way: a@v1 becomes a.conflict-… (the store has a folder of this name too)
    make folder a/ (new in the store)
    download a/b@v2 (new in the store)
  a folder came to the name of a file that was edited here  ;  a=3  ;  a=1 a/b=2  ;  a=1
    upload a, over v1 (edited here)
  a folder came to the name of a file that is new here  ;  a=3  ;  a/ a/b=2  ;  -
    upload a (new here)
  a folder came to the name of a file that was deleted here  ;  -  ;  a=1 a/b=2  ;  a=1
    make folder a/ (new in the store)
    download a/b@v2 (new in the store)
    remove a in the store, over v1 (deleted here)
  a folder came to the name of a file that the journal does not know  ;  a=1  ;  a=1 a/b=2  ;  -
    note a@v1 (new on both sides, and the same)
  a file that several wrote gives way  ;  -  ;  a=1|2 a/  ;  -
    give way: a@v1 becomes a.conflict-…, a@v2 becomes a.conflict-…-2 (the store has a folder of this name too)
    make folder a/ (new in the store)
  what is below such a file waits  ;  a=1  ;  a=1 a/ a/b=2  ;  a=1
    give way: a@v1 becomes a.conflict-… (the store has a folder of this name too)

Twins, and what is left alone
  names that differ only in case, new here  ;  a=1 A=2  ;  -  ;  -
    upload A (new here)
    refuse a: its name differs from that of "A" only in the case or the Unicode form of letters, and only that one is synced
  a twin of a name that is synced  ;  a=1 A=2  ;  a=1  ;  a=1
    refuse A: its name differs from that of "a" only in the case or the Unicode form of letters, and only that one is synced
  a twin of a name that the store has  ;  A=1  ;  a=2  ;  -
    download a@v2 (new in the store)
    refuse A: its name differs from that of "a" only in the case or the Unicode form of letters, and only that one is synced
  two forms of one letter  ;  \u00e9=1 e\u0301=2  ;  -  ;  -
    upload e\u0301 (new here)
    refuse \u00e9: its name differs from that of "e\u0301" only in the case or the Unicode form of letters, and only that one is synced
  what is below a twin folder  ;  D/ D/a=1 d/ d/b=1  ;  d/  ;  d/
    upload d/b (new here)
    refuse D/: its name differs from that of "d" only in the case or the Unicode form of letters, and only that one is synced
  a name that changed only its case here  ;  A=1  ;  a=1  ;  a=1
    remove a in the store, over v1 (deleted here)
    upload A, copied from a@v1 (new here)
  a name that changed only its case in the store  ;  a=1  ;  A=1  ;  a=1
    remove a here (deleted in the store)
    download A@v1, copied from a (new in the store)
  a folder that changed only its case here  ;  D/ D/a=1  ;  d/ d/a=1  ;  d/ d/a=1
    remove d/a in the store, over v1 (deleted here)
    remove d/ in the store, over v/ (deleted here)
    upload D/ (new here)
    upload D/a, copied from d/a@v1 (new here)
  a twin gone, the other one comes  ;  -  ;  A=2  ;  a=1
    download A@v2 (new in the store)
    forget a (gone from both sides)
  a file and a folder that differ in case  ;  a=1  ;  a=1 A/ A/b=2  ;  a=1
    refuse A/: its name differs from that of "a" only in the case or the Unicode form of letters, and only that one is synced
  a name that no file can have  ;  -  ;  a//b=1 ../c=1 d/./e=1  ;  -
    refuse ../c: a part of its path is "..", which no file can be called
    refuse a//b: a part of its path is empty, which no file can be called
    refuse d/./e: a part of its path is ".", which no file can be called
`
