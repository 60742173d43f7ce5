/** Draws a character of the lane with this colour; on a terminal, coloured. */
export type Paint = (text: string, colour: number) => string

export const unpainted: Paint = text => text

/** Characters that show an edge on its way from one column to another. */
const moving = new Set(['/', '\\', '_'])

/** Stands for the columns that were cut off. */
const cutMark = '~'

/** One row of the picture: a character and a colour for each position. Column `n` is at position `2n`. */
export class Row {
  readonly #characters: string[] = []
  readonly #colours: number[] = []

  set(position: number, character: string, colour: number): void {
    while (this.#characters.length < position) {
      this.#characters.push(' ')
      this.#colours.push(0)
    }
    this.#characters[position] = character
    this.#colours[position] = colour
  }

  /** Something changes places in it, before the cut. A row without that shows nothing new. */
  moves(columnsMax: number): boolean {
    return this.#characters.slice(0, 2 * columnsMax).some(character => moving.has(character))
  }

  /** Its text without spaces at the end, at most `2 × columnsMax` positions and a mark for what was cut. */
  draw(paint: Paint, columnsMax: number): { readonly text: string; readonly width: number } {
    const positions = 2 * columnsMax
    const cut = this.#characters.length > positions
    let text = ''
    this.#characters.slice(0, positions).forEach((character, position) => {
      text += character === ' ' ? ' ' : paint(character, this.#colours[position] ?? 0)
    })
    return { text: cut ? text + cutMark : text, width: cut ? positions + 1 : this.#characters.length }
  }
}
