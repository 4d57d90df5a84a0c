#include "key_file.h"

tnn_status tnn_begin_key(tnn_writer *material, const tnn_key_format *format, const tnn_params *params,
                         const tnn_key_id *id, uint8_t *out, size_t capacity) {
    tnn_status status = tnn_begin(material, out, capacity, format->file_bytes(params));
    if (status != TNN_OK) {
        return status;
    }
    tnn_write_params(material, params);
    tnn_write_copy(material, id->bytes, sizeof id->bytes);
    return TNN_OK;
}

void tnn_finish_key(const tnn_key_format *format, const tnn_params *params, uint8_t *out) {
    tnn_finish(out, format->kind, 1, format->file_bytes(params));
}

tnn_status tnn_open_key(tnn_reader *material, tnn_params *params, tnn_key_id *id, const tnn_key_format *format,
                        const uint8_t *bytes, size_t length) {
    tnn_status status = tnn_open(material, NULL, format->kind, bytes, length);
    status = status == TNN_OK ? tnn_read_params(material, params, false) : status;
    if (status != TNN_OK) {
        return status;
    }
    if (length != format->file_bytes(params)) {
        return TNN_ERR_MALFORMED;
    }
    tnn_read_copy(material, id->bytes, sizeof id->bytes);
    return TNN_OK;
}
