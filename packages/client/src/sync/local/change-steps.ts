/**
 * The points at which somebody else may overtake a change of the folder, or a crash end it, in their order:
 * before the look at what is there, before the new file is made, before the old one goes aside, before that one is
 * compared, before it is put back, before the new one takes its place, before the old one goes.
 * `look`: before a file that a scan has read is looked at again.
 */
export type ChangeStep = 'check' | 'make' | 'aside' | 'compare' | 'back' | 'place' | 'clear' | 'look'

/** Told at each point, so that a test can do then what others would. */
export type OnStep = (step: ChangeStep, name: string) => void
