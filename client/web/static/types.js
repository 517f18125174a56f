// @ts-check
/**
 * The shapes that travel between the local client and its pages.
 *
 * @typedef {object} FormNode one place of a form, as its definition has it
 * @property {'question'|'group'|'repeat'} kind
 * @property {string} [type] of a question
 * @property {string} name
 * @property {string} path definition path: `contests/project`
 * @property {string[]} appearance
 * @property {string} [list_name]
 * @property {string} [accept]
 * @property {boolean} [is_calculated]
 * @property {Record<string, string>} label by language
 * @property {Record<string, string>} hint by language
 * @property {Record<string, string>} [parameters]
 * @property {FormNode[]} [children]
 *
 * @typedef {object} Tree
 * @property {string} digest
 * @property {string} form_id
 * @property {string} version
 * @property {Record<string, string>} title
 * @property {string[]} languages
 * @property {string} default_language
 * @property {FormNode[]} survey
 *
 * @typedef {{path: string, code: string, message: string}} Violation
 * @typedef {{name: string, label: string}} Choice
 * @typedef {{name: string, type: string, size: number, sha256: string}} Attachment
 * @typedef {{lat: string, lon: string, alt?: string, accuracy?: string}} Position
 *
 * @typedef {object} NodeState one place as it is to be drawn now
 * @property {string} path instance path: `contests[9f3a]/project`
 * @property {'question'|'group'|'repeat'} kind
 * @property {boolean} relevant
 * @property {any} value
 * @property {boolean} required
 * @property {boolean} read_only
 * @property {Violation[]} violations
 * @property {string} [label] absent in a change: as before
 * @property {string} [hint] absent in a change: as before
 * @property {string} [guidance_hint] absent in a change: as before
 * @property {Choice[]} [choices] absent in a change: as before
 * @property {string} [reason] there while a soft constraint is broken
 * @property {string[]} [rows] of a repeat
 * @property {boolean} [can_add_row]
 * @property {boolean} [can_remove_row]
 *
 * @typedef {object} Change what one step changed
 * @property {number} sequence
 * @property {number} [saved_sequence]
 * @property {NodeState[]} states
 * @property {string[]} added
 * @property {string[]} removed
 * @property {number} violations
 * @property {Change[]} [missed] what other tabs did before it
 *
 * @typedef {object} View everything there is to draw
 * @property {string} draft
 * @property {string} form
 * @property {Record<string, string>} title by language
 * @property {string} version of the form
 * @property {boolean} is_edit the draft changes a finished entry
 * @property {string[]} parents what an edit follows
 * @property {string} name of the entry
 * @property {Tree} definition
 * @property {NodeState[]} states
 * @property {number} sequence
 * @property {number} saved_sequence
 * @property {number} violations
 *
 * @typedef {object} Step what a person did
 * @property {'answer'|'reason'|'add-row'|'remove-row'|'move-row'|'attach'} kind
 * @property {string} path
 * @property {any} [value]
 * @property {string} [reason]
 * @property {string|null} [after]
 * @property {File} [file]
 *
 * @typedef {object} Control the part of a question that is answered
 * @property {HTMLElement} element
 * @property {HTMLElement} target what gets the focus and is described
 * @property {(value: any) => void} set draw a value
 * @property {(state: NodeState) => void} [update] draw what else the state says
 * @property {boolean} [isGroup] the label is a legend
 *
 * @typedef {object} NodeView a drawn node
 * @property {HTMLElement} element
 * @property {(state: NodeState) => void} update
 * @property {() => void} [focus]
 * @property {() => void} [settle] draw the value after the person has left
 *
 * @typedef {object} Drawing what widgets are given to work with
 * @property {(step: Step, quiet?: number) => void} emit
 * @property {(path: string) => NodeState|undefined} state
 * @property {(node: FormNode, path: string) => NodeView} draw
 * @property {(path: string, view: NodeView) => void} register
 * @property {(path: string) => boolean} isHeld the person is at it: do not overwrite
 * @property {(path: string) => boolean} isTouched wants to be told what is missing
 * @property {(path: string) => boolean} isFilled something under it is answered
 * @property {(path: string) => string} contested what is said elsewhere; '' where nothing contradicts
 * @property {(sha256: string) => Promise<Blob>} blob
 */
/**
 * @typedef {object} Listed one entry or draft, as listed
 * @property {string} entry
 * @property {string} form
 * @property {string} version
 * @property {string} title of the form
 * @property {string} name of the entry
 * @property {'draft'|'saved'|'delivered'|'quarantined'|'set_aside'} state
 * @property {string|null} revision
 * @property {string} made_at
 * @property {boolean} is_own
 * @property {string|null} code
 * @property {string|null} message
 * @property {Violation[]} violations
 * @property {number} files_waiting
 * @property {boolean} text_delivered
 * @property {'put'|'void'} operation
 * @property {string|null} reason why it was taken back
 * @property {string[]} contested instance paths
 * @property {number} heads
 * @property {boolean} draft an edit of it is open
 * @property {string|null} exported_at
 * @property {string} since
 * @property {FileToGo[]} [files] what is still to go, of entries that are drawn
 *
 * @typedef {{language?: string, show: string, find: string, limit: number, seen: string}} Wish
 *
 * @typedef {object} FormToFill
 * @property {string} form_id
 * @property {string} version
 * @property {Record<string, string>} title
 * @property {Record<string, string>} hint
 * @property {string|null} due
 * @property {string|null} problem
 *
 * @typedef {{code: string, message: string, hint?: string, since?: string}} Why
 * @typedef {{id: number, code: string, subject: string, message: string, hint: string, since: string}} Trouble
 *
 * @typedef {object} Status
 * @property {number} saved
 * @property {number} attachments_to_go
 * @property {number} exported
 * @property {string|null} server
 * @property {string|null} last_contact
 * @property {string|null} oldest_undelivered
 * @property {1|3|7|null} age_alarm days that the oldest has waited at least
 * @property {string|null} waiting_since
 * @property {Why|null} why
 * @property {string|null} member
 * @property {string|null} unit
 * @property {{code: string, message: string, hint: string}[]} warnings
 * @property {Trouble[]} troubles
 * @property {Why|null} [problem]
 *
 * @typedef {object} Home without the lists where the page has seen them
 * @property {string} seen
 * @property {Status} status
 * @property {FormToFill[]} forms
 * @property {Listed[]} entries drafts, then what fits the wish
 * @property {number} total how many entries fit
 * @property {Record<string, number>} counts by filter
 * @property {Record<string, number>} filled how many entries there are of a form
 *
 * @typedef {object} FileToGo a file that the server has not signed for in full
 * @property {string} name
 * @property {number} size
 * @property {number} offset how much of it the server signed for
 *
 * @typedef {Listed & View & {reasons: Record<string, string>, files: FileToGo[]}} EntryView
 *
 * @typedef {object} Difference what one revision says otherwise at one place
 * @property {string} path
 * @property {string} label
 * @property {'added'|'removed'|'changed'|'moved'} kind
 * @property {any} before
 * @property {any} after
 * @property {string} before_text
 * @property {string} after_text
 *
 * @typedef {object} Revised one revision, as history tells it
 * @property {string} digest
 * @property {string} made_at
 * @property {string|null} member_name
 * @property {string} device
 * @property {boolean} is_own
 * @property {Listed['state']} state
 * @property {'put'|'void'} operation
 * @property {string[]} parents
 * @property {boolean} is_head
 * @property {boolean} is_readable
 * @property {string|null} version of the form
 * @property {string|null} reason
 * @property {{parent: string|null, changes: Difference[]|null}[]} differences
 *
 * @typedef {{head: string, present: boolean, value: any, text: string, reason: string|null, shown: boolean, ours: boolean}} Contender
 * @typedef {{path: string, label: string, contenders: Contender[]}} Contested
 * @typedef {{entry: string, heads: Revised[], contested: Contested[]}} Conflicts
 * @typedef {{head: string}|{value: any}} Taken
 *
 * @typedef {{path: string, label: string, value?: any, text?: string, message?: string}} Named
 * @typedef {object} Upgrade what would change in the newest version of a form
 * @property {{version: string}} from
 * @property {{version: string}} to
 * @property {boolean} is_newest
 * @property {number} kept
 * @property {Named[]} dropped
 * @property {Named[]} new_questions
 * @property {Named[]} new_required
 * @property {Named[]} violations
 *
 * @typedef {Record<'revisions'|'delivered'|'quarantined'|'refused'|'files'|'damaged'|'missing', number>} Imported
 */
export {};
