/* deskmate.file/1: attachments. Stored sealed under the buyer's key, named by the hash of what is
 * stored, never in an event. */
#ifndef DESKMATE_EXT_FILE_H
#define DESKMATE_EXT_FILE_H
#include "../abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define DM_EXT_FILE "deskmate.file/1"
#define DM_FILE_PIECE_MAX 262144u    /* bytes of one write or read */
#define DM_FILE_MAX 26214400u        /* bytes of one file */
#define DM_FILE_OPEN_MAX 4u          /* files of one instance being written */

typedef struct dm_ext_file {
  /* Begins a file of the buyer with this external id. The answer is {file}, a number.
   * [plugin thread] */
  dm_status (*create)(const dm_host *host, const char *buyer, dm_reply_fn reply, void *user);

  /* Adds a piece; pieces of one file are written in the order of the calls. The answer is nil.
   * [plugin thread] */
  dm_status (*write)(const dm_host *host, uint64_t file, dm_bytes piece, dm_reply_fn reply,
                     void *user);

  /* Ends the file. The answer, {hash, size}, comes once it is on disk. [plugin thread] */
  dm_status (*finish)(const dm_host *host, uint64_t file, dm_reply_fn reply, void *user);

  /* Reads at most size bytes at offset of the file of that hash (32 bytes). The answer is a bin,
   * empty at the end. [plugin thread] */
  dm_status (*read)(const dm_host *host, dm_bytes hash, uint64_t offset, uint32_t size,
                    dm_reply_fn reply, void *user);
} dm_ext_file;

#ifdef __cplusplus
}
#endif
#endif
