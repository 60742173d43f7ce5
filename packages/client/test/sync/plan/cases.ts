import type { WorldText } from './world-text.js'

/** What happened, how the three trees are then, and what is done about it. */
export interface Case extends WorldText {
  readonly group: string
  readonly name: string
  readonly steps: readonly string[]
}

/** What happened; here; in the store; synced. Below it what is done, in this order, and what is refused. */
const table = `
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

export const cases: readonly Case[] = parse(table)

function parse(text: string): Case[] {
  const found: (Case & { steps: string[] })[] = []
  let group = ''
  for (const line of text.split('\n').filter(line => line !== '')) {
    const indent = line.length - line.trimStart().length
    if (indent === 0) group = line
    else if (indent > 2) found.at(-1)?.steps.push(line.trim())
    else {
      const [name = '', ...sides] = line.split('  ;  ').map(part => part.trim())
      const [here = '', store = '', synced = ''] = sides.map(side => (side === '-' ? '' : side))
      found.push({ group, name, here, store, synced, steps: [] })
    }
  }
  return found
}
