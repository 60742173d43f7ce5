import { main } from './main.js'

// What child processes of `torc up` run; people come in through bin/torc.
await main(process.argv.slice(2))
